import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Text of migration number `at` of a shop that grows: a table at first, then columns, indexes and foreign keys, as Prisma writes them. */
export function migrationSql(at: number): string {
  const table = `t${Math.floor(at / 5)}`
  switch (at % 5) {
    case 0:
      return `-- CreateTable\nCREATE TABLE "${table}" (\n    "id" SERIAL NOT NULL,\n    "name" TEXT NOT NULL,\n    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n\n    CONSTRAINT "${table}_pkey" PRIMARY KEY ("id")\n);\n`
    case 1:
      return `-- AlterTable\nALTER TABLE "${table}" ADD COLUMN     "note" TEXT,\nADD COLUMN     "ownerId" INTEGER;\n`
    case 2:
      return `-- CreateIndex\nCREATE INDEX "${table}_name_idx" ON "${table}"("name");\n\n-- CreateIndex\nCREATE UNIQUE INDEX "${table}_note_key" ON "${table}"("note");\n`
    case 3:
      return `-- AddForeignKey\nALTER TABLE "${table}" ADD CONSTRAINT "${table}_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "t0"("id") ON DELETE SET NULL ON UPDATE CASCADE;\n`
    default:
      return `-- AlterTable\nALTER TABLE "${table}" ALTER COLUMN "note" SET DEFAULT 'none',\nALTER COLUMN "note" SET NOT NULL;\n`
  }
}

/** Writes `count` migrations below `folder`; gives the path of the last one, relative to it. */
export async function writePrismaFolder(folder: string, count: number): Promise<string> {
  const name = (at: number) => `${20240101000000 + at}_step_${at}`
  const migrations = join(folder, 'prisma/migrations')
  for (let at = 0; at < count; at += 1) {
    await mkdir(join(migrations, name(at)), { recursive: true })
    await writeFile(join(migrations, name(at), 'migration.sql'), migrationSql(at))
  }
  await writeFile(join(migrations, 'migration_lock.toml'), 'provider = "postgresql"\n')
  return `prisma/migrations/${name(count - 1)}/migration.sql`
}
