import type { Files } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { join, lineAt, missing, readText, sha256, unreadable } from './_files.ts'
import { parseJson } from './_json.ts'

/** Loads the 0.31 layout: what `meta/_journal.json` lists, in its order, as the migrator does. */
export async function loadJournal(files: Files, path: string): Promise<readonly Migration[]> {
  const file = join(path, 'meta/_journal.json')
  const { text } = await readText(files, file)
  const journal = readJournal(file, text)
  if (journal.length === 0) throw missing(file, 'lists no migrations')
  return Promise.all(journal.map((entry) => readEntry(files, path, { ...entry, journal: file, line: lineOf(text, entry.tag) })))
}

interface Entry {
  readonly when: number
  readonly tag: string
}

function readJournal(file: string, text: string): readonly Entry[] {
  const journal = parseJson(file, text)
  if (!isRecord(journal) || !Array.isArray(journal['entries'])) throw unreadable({ file, line: 1 }, 'has no list of entries')
  checkDialect({ file, text }, journal['dialect'])
  const entries = journal['entries'].map((entry: unknown, at) => checkEntry(entry, { file, text, at }))
  const twice = entries.find((entry, at) => entries.findIndex((other) => other.tag === entry.tag) !== at)
  if (twice !== undefined) throw unreadable({ file, line: lineOf(text, twice.tag) }, `lists ${twice.tag} twice`)
  return entries
}

/** Throws `source-unreadable` where a journal or a snapshot is for another database: `postgresql` in 0.31, `postgres` in 1.0. */
export function checkDialect(source: { readonly file: string; readonly text: string }, dialect: unknown): void {
  if (typeof dialect !== 'string' || ['postgresql', 'postgres', 'pg'].includes(dialect)) return
  throw unreadable(
    { file: source.file, line: lineOf(source.text, dialect) },
    `says that these migrations are for ${dialect}, and only postgresql is supported`,
  )
}

function checkEntry(entry: unknown, where: { readonly file: string; readonly text: string; readonly at: number }): Entry {
  const tag = isRecord(entry) ? entry['tag'] : undefined
  const when = isRecord(entry) ? entry['when'] : undefined
  const place = { file: where.file, line: typeof tag === 'string' ? lineOf(where.text, tag) : 1 }
  if (typeof tag !== 'string') throw unreadable(place, `has no tag in entry ${where.at}`)
  if (typeof when !== 'number' || !Number.isSafeInteger(when)) throw unreadable(place, `has no whole number as "when" of ${tag}`)
  return { tag, when }
}

async function readEntry(
  files: Files,
  path: string,
  entry: Entry & { readonly journal: string; readonly line: number },
): Promise<Migration> {
  const file = join(path, `${entry.tag}.sql`)
  if ((await files.exists(file)) !== 'file')
    throw unreadable({ file: entry.journal, line: entry.line }, `names ${file}, which does not exist`)
  const { text, bytes } = await readText(files, file)
  return {
    id: entry.tag,
    source: 'drizzle',
    file,
    checksum: sha256(bytes),
    body: { kind: 'sql', bytes: scriptBytes(text, bytes) },
    transaction: 'batch',
    history: { layout: 0, when: entry.when },
  }
}

const breakpoint = '--> statement-breakpoint'

/**
 * The bytes to run. Drizzle cuts at its breakpoints, which are comments to a server: where a statement before one has no semicolon, the
 * breakpoint is replaced by one, with blanks to the same length, so that every offset stays.
 */
export function scriptBytes(text: string, bytes: Uint8Array): Uint8Array {
  const parts = text.split(breakpoint)
  if (parts.slice(0, -1).every(isClosed)) return bytes
  return new TextEncoder().encode(parts.join(`;${' '.repeat(breakpoint.length - 1)}`))
}

/** Whether it ends in a semicolon, comments apart. What looks like a comment inside a string only leads to one semicolon too many. */
function isClosed(part: string): boolean {
  const bare = part.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trimEnd()
  return bare === '' || bare.endsWith(';')
}

function lineOf(text: string, value: string): number {
  const offset = text.indexOf(JSON.stringify(value))
  return offset < 0 ? 1 : lineAt(text, offset)
}

/** Whether a value is a JSON object or list. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null
}
