import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import { ownerNow } from './owner.ts'

/** sun_path holds 104 bytes on macOS and 108 on Linux, a NUL among them; the longest file in it is the lock of the socket. */
const longestBase = 104 - 1 - '/lockkeeper-123456789abc/.s.PGSQL.65432.lock'.length

/** Where server folders are made: the system's temporary folder, or /tmp where the path of a socket in it would be too long. */
export function temporaryFolder(): string {
  const base = tmpdir()
  return Buffer.byteLength(base) <= longestBase ? base : '/tmp'
}

/** A new name for a folder of one server, so that its watchdog can be there before the folder is. */
export function newServerFolder(): string {
  return join(temporaryFolder(), `lockkeeper-${randomBytes(6).toString('hex')}`)
}

/** Whether a name in the temporary folder is one of ours. */
export function isServerFolderName(name: string): boolean {
  return /^lockkeeper-[0-9a-f]{12}$/.test(name)
}

/** Makes it, mode 0700, with a note of whose it is. It will hold the socket, the log and `data`. */
export async function makeServerFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'owner'), JSON.stringify(ownerNow()))
  } catch (error) {
    const hint = 'Set TMPDIR to a folder that you can write to.'
    throw new LockkeeperError('embedded-unavailable', `The folder of the server could not be made: ${(error as Error).message}.`, {
      hint,
      cause: error,
    })
  }
}

/** A backend that is just ending may still write; then the folder is not empty at the first try. */
export async function removeServerFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

/** For the exit of the process, where nothing can be awaited. */
export function removeServerFolderNow(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
}
