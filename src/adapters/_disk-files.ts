import { readdir, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import type { FileEntry, Files } from '../model/adapter.ts'
import { byName, missing, unreadable } from './_files.ts'

/** Files of a real folder. Symbolic links count as what they point to; anything that is neither file nor folder is left out. */
export function diskFiles(root: string): Files {
  const at = (path: string): string => resolve(root, path)
  return {
    root: resolve(root),
    exists: (path) => kindOf(at(path)),
    async list(folder) {
      const names = await attempt(folder, () => readdir(at(folder)))
      const found = await Promise.all(names.map(async (name) => ({ name, kind: await kindOf(resolve(at(folder), name)) })))
      return found.filter((entry): entry is FileEntry => entry.kind !== undefined).toSorted((a, b) => byName(a.name, b.name))
    },
    read: (path) => attempt(path, () => readFile(at(path))),
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw unreadable({ file: path }, `cannot be looked at (${code(error)})`, { cause: error })
  })
  if (found?.isDirectory() === true) return 'folder'
  return found?.isFile() === true ? 'file' : undefined
}

async function attempt<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (isAbsent(error)) throw missing(path, 'does not exist')
    if (error instanceof LockkeeperError) throw error
    throw unreadable({ file: path }, `cannot be read (${code(error)})`, { cause: error })
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(code(error))
}

function code(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}
