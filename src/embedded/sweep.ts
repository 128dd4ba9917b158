import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from './until.ts'
import { mayLive, processExists, type Owner } from './owner.ts'
import { isServerFolderName, removeServerFolder, temporaryFolder } from './server-folder.ts'

/** The postmaster kills its children 5 s after SIGQUIT (postmaster.c, SIGKILL_CHILDREN_AFTER_SECS). */
const endMs = 7_000

/**
 * Ends the servers and removes the folders whose process died together with its watchdog (a container or a control group that was killed whole,
 * a power cut). Never fails: what cannot be removed is left.
 */
export async function sweepStaleFolders(): Promise<void> {
  const base = temporaryFolder()
  const names = await readdir(base).catch(() => [])
  const folders = names.filter(isServerFolderName).map((name) => join(base, name))
  await Promise.all(folders.map((folder) => sweepFolder(folder).catch(() => undefined)))
}

async function sweepFolder(folder: string): Promise<void> {
  const owner = await readOwner(folder)
  if (owner === undefined || mayLive(owner)) return
  await endServerIn(folder)
  await removeServerFolder(folder)
}

/** Undefined for a folder that is not ours, or not yet. */
async function readOwner(folder: string): Promise<Owner | undefined> {
  const text = await readFile(join(folder, 'owner'), 'utf8').catch(() => undefined)
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Owner)
}

/** Ends the process named in postmaster.pid only if it works in this very folder: the pid may be someone else's by now. */
async function endServerIn(folder: string): Promise<void> {
  const data = await realpath(join(folder, 'data')).catch(() => undefined)
  if (data === undefined) return
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  if (Number.isNaN(pid) || !processExists(pid)) return
  const works = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  if (works !== data) return
  process.kill(pid, 'SIGQUIT')
  await until(() => !processExists(pid), { signal: AbortSignal.timeout(endMs) })
}
