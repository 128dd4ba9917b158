import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { prismaDeploy } from './prisma.ts'

/** `prisma migrate deploy` as it was when only the first `count` migrations of the folder were there. */
export async function prismaDeployFirst(url: string, folder: string, count: number): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), 'lk-first-'))
  try {
    const names = (await readdir(folder)).filter((name) => /^\d{14}_/.test(name)).toSorted()
    await cp(join(dirname(folder), 'schema.prisma'), join(project, 'schema.prisma'))
    for (const name of [...names.slice(0, count), 'migration_lock.toml'])
      await cp(join(folder, name), join(project, 'migrations', name), { recursive: true })
    await prismaDeploy(url, join(project, 'migrations'))
  } finally {
    await rm(project, { recursive: true, force: true })
  }
}
