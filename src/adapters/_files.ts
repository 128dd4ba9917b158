import { createHash } from 'node:crypto'
import { LockkeeperError } from '../model/errors.ts'
import type { FileEntry, Files } from '../model/adapter.ts'

/** The path of an entry of a folder. */
export function join(folder: string, name: string): string {
  return folder === '' || folder === '.' ? name : `${folder.replace(/\/+$/, '')}/${name}`
}

/** The folder that holds a path; `.` for an entry of the root. */
export function parent(path: string): string {
  const cut = path.replace(/\/+$/, '').lastIndexOf('/')
  return cut < 0 ? '.' : path.slice(0, cut)
}

/** The last part of a path. */
export function base(path: string): string {
  return path.replace(/\/+$/, '').slice(path.replace(/\/+$/, '').lastIndexOf('/') + 1)
}

/** Entries of a folder; none where there is no such folder. */
export async function entries(files: Files, folder: string): Promise<readonly FileEntry[]> {
  return (await files.exists(folder)) === 'folder' ? files.list(folder) : []
}

/** The text of a file, and its bytes; throws `source-unreadable` where it is no UTF-8, since an ORM would then run other text than ours. */
export async function readText(files: Files, path: string): Promise<{ readonly text: string; readonly bytes: Uint8Array }> {
  const bytes = await files.read(path)
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), bytes }
  } catch (cause) {
    throw unreadable({ file: path, line: firstBadLine(bytes) }, 'is not valid UTF-8', { cause })
  }
}

/** Without `.`, `..` and empty parts. */
export function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

export interface Place {
  readonly file: string
  /** 1-based. */
  readonly line?: number
}

/** `source-unreadable`, naming file and line. */
export function unreadable(place: Place, what: string, more: { readonly hint?: string; readonly cause?: unknown } = {}): LockkeeperError {
  return new LockkeeperError('source-unreadable', `${placed(place)} ${what}.`, { ...more, details: { ...place } })
}

/** `file:line`. */
export function placed(place: Place): string {
  return place.line === undefined ? place.file : `${place.file}:${place.line}`
}

/** `source-missing`: nothing there that could be a migration. */
export function missing(path: string, what: string): LockkeeperError {
  return new LockkeeperError('source-missing', `${path} ${what}.`, { details: { file: path } })
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** sha256 in hex: the checksum of Prisma, Drizzle and ours. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Order by code units, as the ORMs' plain sort does. */
export function byName(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

// A decoder that goes on tells nothing of the place, so lines are tried one by one.
function firstBadLine(bytes: Uint8Array): number {
  let line = 1
  let from = 0
  while (from <= bytes.length) {
    const next = bytes.indexOf(10, from)
    const end = next < 0 ? bytes.length : next
    if (!decodes(bytes.subarray(from, end))) return line
    line += 1
    from = end + 1
  }
  return 1
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
