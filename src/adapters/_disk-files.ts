import { readdirSync, readFileSync, statSync, type Dirent } from 'node:fs'
import { resolve } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import type { FileEntry, Files } from '../model/adapter.ts'
import { byName, missing, unreadable } from './_files.ts'

/**
 * Files of a real folder. Symbolic links count as what they point to; anything that is neither file nor folder is left out.
 * Each call is synchronous inside: hundreds of small files take 10 ms so, and 150 ms where every open, stat, read and close waits for its turn.
 */
export function diskFiles(root: string): Files {
  const at = (path: string): string => resolve(root, path)
  return {
    root: resolve(root),
    exists: async (path) => kindOf(at(path)),
    list: async (folder) => attempt(folder, () => entriesOf(at(folder))),
    read: async (path) => attempt(path, () => readFileSync(at(path))),
  }
}

type Kind = FileEntry['kind']

function entriesOf(folder: string): readonly FileEntry[] {
  const found = readdirSync(folder, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindIn(folder, entry) }))
  return found.filter((entry): entry is FileEntry => entry.kind !== undefined).toSorted((a, b) => byName(a.name, b.name))
}

// A file system may not say what an entry is, and says of a link only that it is one.
function kindIn(folder: string, entry: Dirent): Kind | undefined {
  if (entry.isDirectory()) return 'folder'
  return entry.isFile() ? 'file' : kindOf(resolve(folder, entry.name))
}

function kindOf(path: string): Kind | undefined {
  try {
    const found = statSync(path)
    if (found.isDirectory()) return 'folder'
    return found.isFile() ? 'file' : undefined
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unreadable({ file: path }, `cannot be looked at (${code(error)})`, { cause: error })
  }
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act()
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
