import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFiles } from '../adapters/_disk-files.ts'
import { writeYaml } from '../adapters/_yaml.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Target } from './target.ts'

export interface PullOptions {
  readonly root: string
  /** From the root, or absolute. */
  readonly folder: string
  readonly json: boolean
}

/** What came of each file of the history. */
export interface Pulled {
  readonly written: readonly string[]
  readonly there: readonly string[]
}

/**
 * Writes the files that the history of pgroll has and the folder lacks; none is ever overwritten. Throws `source-missing` where the database has no
 * history of pgroll.
 */
export async function pull({ session }: Target, { root, folder, json }: PullOptions): Promise<Pulled> {
  const { searchPath } = await session.readCatalog()
  const schema = searchPath[0] ?? 'public'
  const [found] = await session.query(`select to_regclass('pgroll.migrations') is not null as there`)
  if (found?.['there'] !== true)
    throw new LockkeeperError('source-missing', 'The database has no history of pgroll (pgroll.migrations).', {
      hint: 'Give the database that pgroll was used on. Files that lockkeeper applied to others are in your repository.',
    })
  const rows = await session.query(
    `select name, migration from pgroll.migrations where schema = $1 and coalesce(migration_type, 'pgroll') = 'pgroll' order by created_at, name`,
    [schema],
  )
  const present = await idsIn(root, folder)
  const missing = rows.map((row) => ({ id: fileName(row['name']), migration: row['migration'] })).filter(({ id }) => !present.has(id))
  const place = join(diskFiles(root).root, folder)
  await mkdir(place, { recursive: true })
  const written: string[] = []
  for (const { id, migration } of missing) {
    const path = join(place, `${id}.${json ? 'json' : 'yaml'}`)
    // wx: another hand may have made it meanwhile.
    await writeFile(path, json ? `${JSON.stringify(migration, null, 2)}\n` : writeYaml(migration), { flag: 'wx' })
    written.push(path)
  }
  return { written, there: rows.map((row) => String(row['name'])).filter((name) => present.has(name)) }
}

async function idsIn(root: string, folder: string): Promise<ReadonlySet<string>> {
  const files = diskFiles(root)
  if ((await files.exists(folder)) !== 'folder') return new Set()
  const entries = await files.list(folder)
  return new Set(entries.map(({ name }) => name.replace(/\.[^.]*$/, '')))
}

/** A name comes from the database, and must not lead out of the folder. */
function fileName(name: unknown): string {
  const text = String(name)
  if (/^[^./\\][^/\\]*$/.test(text) && !text.includes('\0')) return text
  throw new LockkeeperError(
    'source-unreadable',
    `The migration ${JSON.stringify(text)} in pgroll.migrations has a name that can be no file's.`,
    {
      hint: 'Nothing was written. Write its file by hand.',
    },
  )
}
