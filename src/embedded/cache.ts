import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import { temporaryFolder } from './server-folder.ts'

export interface Making {
  /** The server folder, on the same file system as the cache: what is left half made goes with it. */
  readonly workshop: string
  readonly make: (content: string) => Promise<void>
}

/**
 * Gives the folder `content` of a cache entry, making it first where it is missing or incomplete. It appears by rename, so that of two processes
 * that make it at once one wins and both can use it; files that a cleaner of /tmp took show in the count and make it anew.
 */
export async function cached(name: string, making: Making): Promise<string> {
  const entry = join(await cacheRoot(), name)
  if (!(await isComplete(entry))) await makeEntry(entry, making)
  return join(entry, 'content')
}

/** Readable and passable for the user that runs the server, writable by us alone. A folder that someone else laid there is not used. */
async function cacheRoot(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const root = join(temporaryFolder(), `lockkeeper-cache-${uid}`)
  await makeReadable(root)
  const found = await lstat(root).catch(() => undefined)
  if (found?.isDirectory() === true && found.uid === uid && (found.mode & 0o022) === 0) return root
  throw new LockkeeperError('embedded-unavailable', `The cache folder ${root} cannot be made, or belongs to someone else.`, {
    hint: 'Remove it, or set TMPDIR to a folder that you own.',
  })
}

/** Whatever the umask is. */
async function makeReadable(folder: string): Promise<void> {
  await mkdir(folder).then(
    () => chmod(folder, 0o755),
    () => undefined,
  )
}

async function isComplete(entry: string): Promise<boolean> {
  try {
    const files = Number(await readFile(join(entry, 'files'), 'utf8'))
    return files > 0 && files === countFiles(join(entry, 'content'))
  } catch {
    return false
  }
}

// At once, in 10 ms: the asynchronous one waits for its turn at each of 30 folders, behind whatever else the process is loading.
function countFiles(folder: string): number {
  return readdirSync(folder, { recursive: true }).length
}

async function makeEntry(entry: string, { workshop, make }: Making): Promise<void> {
  const folder = join(workshop, 'making')
  const content = join(folder, 'content')
  await mkdir(content, { recursive: true })
  await chmod(folder, 0o755)
  await make(content)
  await writeFile(join(folder, 'files'), String(countFiles(content)))
  await moveInto(folder, entry)
  await rm(folder, { recursive: true, force: true })
}

/** Fails only where something incomplete stands in the way that nobody replaces. */
async function moveInto(folder: string, entry: string): Promise<void> {
  const moved = await tryRename(folder, entry)
  if (moved || (await isComplete(entry))) return
  await rm(entry, { recursive: true, force: true })
  if ((await tryRename(folder, entry)) || (await isComplete(entry))) return
  throw new LockkeeperError('embedded-failed', `The cache entry ${entry} could not be written.`, { hint: 'Remove it and try again.' })
}

async function tryRename(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  )
}
