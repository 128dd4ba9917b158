import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'

/** A half-made entry older than this belongs to a process that died: making one takes seconds. */
const abandonedMs = 3_600_000

/**
 * Gives the folder `content` of a cache entry, making it first where it is missing or incomplete. It appears by rename, so that of two processes
 * that make it at once one wins and both can use it; files that a cleaner of /tmp took show in the count and make it anew.
 */
export async function cached(name: string, make: (content: string) => Promise<void>): Promise<string> {
  const root = await cacheRoot()
  const entry = join(root, name)
  if (!(await isComplete(entry))) await makeEntry(root, entry, make)
  return join(entry, 'content')
}

/** Readable and passable for the user that runs the server, writable by us alone. A folder that someone else laid there is not used. */
async function cacheRoot(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const root = join(tmpdir(), `lockkeeper-cache-${uid}`)
  await mkdir(root, { mode: 0o755 }).catch(() => undefined)
  const found = await lstat(root).catch(() => undefined)
  if (found?.isDirectory() === true && found.uid === uid && (found.mode & 0o022) === 0) return root
  throw new LockkeeperError('embedded-unavailable', `The cache folder ${root} cannot be made, or belongs to someone else.`, {
    hint: 'Remove it, or set TMPDIR to a folder that you own.',
  })
}

async function isComplete(entry: string): Promise<boolean> {
  try {
    const files = Number(await readFile(join(entry, 'files'), 'utf8'))
    return files > 0 && files === (await countFiles(join(entry, 'content')))
  } catch {
    return false
  }
}

async function countFiles(folder: string): Promise<number> {
  return (await readdir(folder, { recursive: true })).length
}

async function makeEntry(root: string, entry: string, make: (content: string) => Promise<void>): Promise<void> {
  await sweepAbandoned(root)
  const making = await mkdtemp(join(root, 'making-'))
  try {
    await chmod(making, 0o755)
    await mkdir(join(making, 'content'))
    await make(join(making, 'content'))
    await writeFile(join(making, 'files'), String(await countFiles(join(making, 'content'))))
    await moveInto(making, entry)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** Fails only where something incomplete stands in the way that nobody replaces. */
async function moveInto(making: string, entry: string): Promise<void> {
  const moved = await tryRename(making, entry)
  if (moved || (await isComplete(entry))) return
  await rm(entry, { recursive: true, force: true })
  if ((await tryRename(making, entry)) || (await isComplete(entry))) return
  throw new LockkeeperError('embedded-failed', `The cache entry ${entry} could not be written.`, { hint: 'Remove it and try again.' })
}

async function tryRename(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  )
}

async function sweepAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith('making-')) continue
    const made = await stat(join(root, name)).catch(() => undefined)
    if (made !== undefined && Date.now() - made.mtimeMs > abandonedMs) await rm(join(root, name), { recursive: true, force: true })
  }
}
