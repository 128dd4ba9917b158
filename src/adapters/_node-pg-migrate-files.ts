import type { Files } from '../model/adapter.ts'
import { isScript } from './_code-files.ts'
import { base, entries, join, readText, unreadable } from './_files.ts'

/** The files of a folder in the order in which node-pg-migrate runs them: by the number at the front of the name, then by name. */
export async function migrationFiles(files: Files, folder: string): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter(({ name, kind }) => kind === 'file' && !name.startsWith('.'))
  const found = inside.filter(({ name }) => isScript(name) || /\.sql$/i.test(name)).map(({ name }) => join(folder, name))
  return found.toSorted(byNumber)
}

function byNumber(a: string, b: string): number {
  const how = { usage: 'sort', numeric: true, sensitivity: 'variant', ignorePunctuation: true } as const
  return numberOf(a) - numberOf(b) || base(a).localeCompare(base(b), undefined, how)
}

/** 17 digits are a time of UTC, to be compared with the milliseconds of the others. */
function numberOf(path: string): number {
  const digits = /^\d+/.exec(base(path))?.[0]
  if (digits === undefined) throw unreadable({ file: path }, 'does not begin with a number, by which node-pg-migrate orders')
  if (digits.length !== 17) return Number(digits)
  const part = (from: number, to: number): number => Number(digits.slice(from, to))
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14), part(14, 17))
}

/** Whether some file of the folder is surely one of this tool: a script whose `up` takes its builder, or SQL of a project that has the tool. */
export async function areMigrations(files: Files, folder: string, isUsed: boolean): Promise<boolean> {
  for (const { name, kind } of await entries(files, folder)) {
    if (kind !== 'file' || !/^\d/.test(name)) continue
    if (isUsed && /\.sql$/i.test(name)) return true
    if (isScript(name) && /\bpgm\b|["']node-pg-migrate["']/.test((await readText(files, join(folder, name))).text)) return true
  }
  return false
}

const mark = (direction: string): RegExp => new RegExp(`^\\s*--[\\s-]*${direction}\\s+migration`, 'im')

/** The up section of an SQL file, with blanks in place of all else, so that every line and byte stays where it is. */
export function upSection(bytes: Uint8Array): Uint8Array {
  // latin1 keeps one character a byte, so an offset in the text is an offset in the bytes.
  const text = Buffer.from(bytes).toString('latin1')
  const up = text.search(mark('up'))
  if (up < 0) return bytes
  const down = text.search(mark('down'))
  const end = down > up ? down : text.length
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ')
  return Buffer.from(blank(text.slice(0, up)) + text.slice(up, end) + blank(text.slice(end)), 'latin1')
}
