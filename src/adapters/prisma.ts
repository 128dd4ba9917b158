import type { Adapter, FileEntry, Files, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { setting } from './_config-text.ts'
import { byName, entries, join, missing, parent, readText, sha256, unreadable } from './_files.ts'
import { prismaHistory } from './_prisma-history.ts'

/** Prisma 6 and 7: `migrations/<14 digits>_<name>/migration.sql` beside `migration_lock.toml`. */
export const prisma = {
  id: 'prisma',
  detect,
  recognises,
  load,
  history: (location, defaultSchema) => prismaHistory(location.historySchema ?? defaultSchema),
} satisfies Adapter

async function detect(files: Files): Promise<Location | undefined> {
  for (const path of await candidates(files)) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** A folder of migrations, the folder of the schema above it, or a schema.prisma. */
async function recognises(files: Files, path: string): Promise<Location | undefined> {
  if ((await files.exists(path)) === 'file') return path.endsWith('.prisma') ? recognises(files, parent(path)) : undefined
  if (await isMigrations(files, path)) return located(files, path)
  for (const inside of ['migrations', '../migrations']) {
    const folder = inside === '../migrations' ? join(parent(path), 'migrations') : join(path, inside)
    const mine = inside === 'migrations' || (await entries(files, path)).some((entry) => entry.name.endsWith('.prisma'))
    if (mine && (await isMigrations(files, folder))) return located(files, folder)
  }
  return undefined
}

async function load(files: Files, location: Location): Promise<readonly Migration[]> {
  await checkProvider(files, join(location.path, 'migration_lock.toml'))
  const folders = (await files.list(location.path)).filter((entry) => entry.kind === 'folder')
  if (folders.length === 0) throw missing(location.path, 'holds no migrations')
  return Promise.all(folders.toSorted((a, b) => byName(a.name, b.name)).map((folder) => readMigration(files, location.path, folder)))
}

async function readMigration(files: Files, path: string, folder: FileEntry): Promise<Migration> {
  const file = join(join(path, folder.name), 'migration.sql')
  if ((await files.exists(file)) !== 'file') throw await noScript(files, join(path, folder.name))
  const { bytes } = await readText(files, file)
  return {
    id: folder.name,
    source: 'prisma',
    file,
    checksum: sha256(bytes),
    body: { kind: 'sql', bytes },
    transaction: 'file',
    history: {},
  }
}

async function noScript(files: Files, folder: string): Promise<Error> {
  const inside = await entries(files, folder)
  if (inside.some((entry) => ['ops.json', 'migration.json', 'migration.ts'].includes(entry.name))) {
    return unreadable({ file: folder }, 'is a migration of Prisma 8, which is not supported yet')
  }
  return unreadable({ file: folder }, 'holds no migration.sql', {
    hint: 'Restore the file, or remove the folder if it was never applied: Prisma itself stops here with P3015.',
  })
}

async function checkProvider(files: Files, lock: string): Promise<void> {
  if ((await files.exists(lock)) !== 'file') return
  const { text } = await readText(files, lock)
  const lines = text.split('\n')
  const named = lines
    .map((line, at) => ({ line: at + 1, provider: /^\s*provider\s*=\s*["']([^"']*)["']/.exec(line)?.[1] }))
    .filter((each) => each.provider !== undefined)
  if (named.length === 0) throw unreadable({ file: lock, line: 1 }, 'names no provider')
  const other = named.find((each) => each.provider !== 'postgresql' && each.provider !== 'postgres')
  if (other !== undefined)
    throw unreadable(
      { file: lock, line: other.line },
      `says that these migrations are for ${other.provider}, and only postgresql is supported`,
    )
}

/** Drizzle 1.0 has the same layout, with a snapshot.json in each folder and no lock file. */
async function isMigrations(files: Files, path: string): Promise<boolean> {
  const inside = await entries(files, path)
  if (inside.some((entry) => entry.name === 'migration_lock.toml' && entry.kind === 'file')) return true
  const folders = inside.filter((entry) => entry.kind === 'folder')
  const holds = async (name: string): Promise<boolean> => {
    for (const folder of folders) if ((await files.exists(join(join(path, folder.name), name))) === 'file') return true
    return false
  }
  return (await holds('migration.sql')) && !(await holds('snapshot.json'))
}

const configs = ['prisma.config', '.config/prisma'].flatMap((name) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((extension) => `${name}.${extension}`),
)

/** In the order in which Prisma itself looks: its config file, package.json, the usual places. */
async function candidates(files: Files): Promise<readonly string[]> {
  const named: string[] = []
  for (const config of configs) {
    if ((await files.exists(config)) !== 'file') continue
    const { text } = await readText(files, config)
    for (const path of [setting(text, ['migrations', 'path']), setting(text, ['schema'])]) if (path?.kind === 'text') named.push(path.value)
  }
  const inPackage = await fromPackage(files)
  return [...named, ...(inPackage === undefined ? [] : [inPackage]), 'prisma/migrations', 'prisma/schema', 'prisma', 'migrations'].map(
    (path) => path.replace(/^\.\//, ''),
  )
}

async function fromPackage(files: Files): Promise<string | undefined> {
  if ((await files.exists('package.json')) !== 'file') return undefined
  const { text } = await readText(files, 'package.json')
  const found = setting(text, ['prisma', 'schema'])
  return found?.kind === 'text' ? found.value : undefined
}

async function located(files: Files, path: string): Promise<Location> {
  const schema = await urlSchema(files, parent(path))
  return schema === undefined ? { source: 'prisma', path } : { source: 'prisma', path, historySchema: schema }
}

/** `?schema=` of a URL written out in the datasource block. One that comes from the environment is known to whoever has the URL. */
async function urlSchema(files: Files, folder: string): Promise<string | undefined> {
  const inside = [
    ...(await entries(files, folder)).map((entry) => join(folder, entry.name)),
    ...(await entries(files, join(folder, 'schema'))).map((entry) => join(join(folder, 'schema'), entry.name)),
  ]
  for (const file of inside.filter((path) => path.endsWith('.prisma'))) {
    if ((await files.exists(file)) !== 'file') continue
    const url = /^\s*datasource\s+\w+\s*\{[^}]*?^\s*(?:directUrl|url)\s*=\s*"([^"]*)"/ms.exec((await readText(files, file)).text)?.[1]
    const schema = url === undefined ? undefined : /[?&]schema=([^&]*)/.exec(url)?.[1]
    if (schema !== undefined && schema !== '') return decodeURIComponent(schema)
  }
  return undefined
}
