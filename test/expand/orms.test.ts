import { expect, test } from 'vitest'
import { drizzleMigrate } from '../support/orm/drizzle.ts'
import { prismaDrift, prismaStatus } from '../support/orm/prisma.ts'
import { tempProject, type TempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { cli } from '../support/cli.ts'

const init = `CREATE TABLE "users" ("id" INTEGER NOT NULL, "full_name" TEXT NOT NULL, "junk" TEXT, CONSTRAINT "users_pkey" PRIMARY KEY ("id"));
CREATE TABLE "old_things" ("id" INTEGER NOT NULL, CONSTRAINT "old_things_pkey" PRIMARY KEY ("id"));`
const reshape = [
  'ALTER TABLE "users" RENAME COLUMN "full_name" TO "name";',
  'ALTER TABLE "users" DROP COLUMN "junk";',
  'DROP TABLE "old_things";',
]

const schemaPrisma = `generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
}
model User {
  id   Int    @id
  name String
  @@map("users")
}
`
const prismaFolder = {
  'prisma/schema.prisma': schemaPrisma,
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  'prisma/migrations/1_init/migration.sql': init,
  'prisma/migrations/2_reshape/migration.sql': reshape.join('\n'),
}

const entry = (idx: number, tag: string) => ({ idx, version: '7', when: 1_700_000_000_000 + idx, tag, breakpoints: true })
const drizzleFolder = {
  'drizzle.config.ts': `export default { dialect: 'postgresql', out: './drizzle' }`,
  'drizzle/meta/_journal.json': JSON.stringify({
    version: '7',
    dialect: 'postgresql',
    entries: [entry(0, '0000_init'), entry(1, '0001_reshape')],
  }),
  'drizzle/0000_init.sql': init.replaceAll(';\n', ';--> statement-breakpoint\n'),
  'drizzle/0001_reshape.sql': reshape.join('--> statement-breakpoint\n'),
}

const nobody = ['--override', 'unused', '--reason', 'no application runs']

async function lockkeeper(database: TestDatabase, project: TempProject, ...args: readonly string[]) {
  return await cli([...args, '--database-url', database.url], { cwd: project.root })
}

async function columns(database: TestDatabase): Promise<readonly string[]> {
  const client = await database.client()
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = 'users'::regclass and attnum > 0 and not attisdropped order by attnum`,
  )
  return rows.map(({ name }) => name)
}

forEachVersion('a change that the running application would not survive', (version) => {
  test('from a folder of Prisma: its history says applied from the expansion on, and pending again after abort', async () => {
    await using database = await freshDatabase(version)
    await using project = await tempProject(prismaFolder)
    const folder = `${project.root}/prisma/migrations`
    // What a run has made itself is nobody's yet, and is changed as it is written (H16).
    expect((await lockkeeper(database, project, 'apply', '--yes', '--to', '1_init')).status).toBe(0)
    expect((await lockkeeper(database, project, 'apply', '--yes')).status).toBe(0)
    expect(await columns(database)).toEqual(['id', 'full_name', 'junk', 'name'])
    expect(await prismaStatus(database.url, folder)).toMatchObject({ pending: [], failed: [], edited: [] })
    expect((await lockkeeper(database, project, 'abort', '--yes')).status).toBe(0)
    expect(await columns(database)).toEqual(['id', 'full_name', 'junk'])
    expect(await prismaStatus(database.url, folder)).toMatchObject({ pending: ['2_reshape'] })
    expect((await lockkeeper(database, project, 'apply', '--yes')).status).toBe(0)
    expect((await lockkeeper(database, project, 'complete', '--yes', ...nobody)).status).toBe(0)
    expect(await columns(database)).toEqual(['id', 'name'])
    expect(await prismaDrift(database.url, folder)).toBe('')
    expect(await prismaStatus(database.url, folder)).toMatchObject({ pending: [], failed: [], edited: [] })
  })

  test('from a folder of Drizzle, in one go where no application runs', async () => {
    await using database = await freshDatabase(version)
    await using project = await tempProject(drizzleFolder)
    expect((await lockkeeper(database, project, 'apply', '--yes', '--to', '0000_init')).status).toBe(0)
    const applied = await lockkeeper(database, project, 'apply', '--yes', '--complete', '--json', ...nobody)
    expect(applied.status).toBe(0)
    expect((JSON.parse(applied.stdout) as { migrations: readonly { state: string }[] }).migrations.map(({ state }) => state)).toEqual([
      'expanded',
      'complete',
    ])
    expect(await columns(database)).toEqual(['id', 'name'])
    expect(await drizzleMigrate(database.url, { version: '0.45', folder: `${project.root}/drizzle` })).toBe(0)
  })
})
