import { LockkeeperError } from '../model/errors.ts'
import type { FleetTarget } from '../model/fleet.ts'
import { present } from '../std/present.ts'

/** What a list says of one target, and where it says so. */
interface Entry {
  /** `FILE line 3`, `row 2 of the query`: for messages, which must not hold the URL. */
  readonly at: string
  readonly url?: unknown
  readonly name?: unknown
  readonly schema?: unknown
}

/** A file of targets: a URL a line with an optional `name=` before it, `#` comments; or a JSON array of {name, url, schema}. */
export function targetsInFile(file: string, text: string): readonly FleetTarget[] {
  const json = text.trimStart().startsWith('[')
  return targetsOf(json ? entriesInJson(file, text) : entriesInLines(file, text))
}

/** What was given by `--target`, `name=` allowed. */
export function targetsGiven(urls: readonly string[]): readonly FleetTarget[] {
  return targetsOf(urls.map((text, at) => entryOf(text, `--target number ${at + 1}`)))
}

/**
 * Rows of a query with the columns `url`, or `database`, or `schema`, and perhaps `name`. Where a row has no URL, `base` is the server,
 * its credentials, and the database unless the row names one.
 */
export function targetsInRows(rows: readonly { readonly [column: string]: unknown }[], base: string): readonly FleetTarget[] {
  const entries = rows.map(({ url, database, schema, name }, at): Entry => {
    const place = `row ${at + 1} of --targets-query`
    if (url === undefined && database === undefined && schema === undefined)
      throw invalid(`${place} has none of the columns url, database and schema`, {
        hint: "Write for example: select datname as database from pg_database where datname like 'shop_%'",
      })
    return { at: place, ...present({ url: url ?? withDatabase(base, database), schema: schema ?? undefined, name: name ?? undefined }) }
  })
  return targetsOf(entries)
}

/** All of them in order. Throws `fleet-targets-invalid` where a name or a database stands twice, or there are none. */
export function joinTargets(...lists: readonly (readonly FleetTarget[])[]): readonly FleetTarget[] {
  const all = lists.flat()
  if (all.length === 0) throw invalid('No target is given', { hint: 'Give --targets-file, --target or --targets-query.' })
  refuseTwice(all, (target) => target.name, 'is the name of two targets')
  refuseTwice(all, (target) => placeOf(new URL(target.url), target.schema), 'is given twice')
  return all
}

function refuseTwice(targets: readonly FleetTarget[], of: (target: FleetTarget) => string, why: string): void {
  const seen = new Set<string>()
  for (const target of targets) {
    const key = of(target)
    if (seen.has(key))
      throw invalid(`${key} ${why}`, { hint: 'A target must stand once: two runs at once in one database wait for each other.' })
    seen.add(key)
  }
}

function entriesInLines(file: string, text: string): readonly Entry[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const plain = line.trim()
    return plain === '' || plain.startsWith('#') ? [] : [entryOf(plain, `${file} line ${at + 1}`)]
  })
}

// The first `=` may be of the URL's own parameters: only what stands before the scheme is a name.
function entryOf(text: string, at: string): Entry {
  const [, name, url = ''] = /^(?:([^=]*?)\s*=\s*)?(postgres(?:ql)?:\/\/.*)$/s.exec(text.trim()) ?? []
  return { at, url, ...present({ name }) }
}

function entriesInJson(file: string, text: string): readonly Entry[] {
  const items = parsed(file, text)
  return items.map((item, at): Entry => {
    const place = `${file} item ${at + 1}`
    if (typeof item !== 'object' || item === null) throw invalid(`${place} is not an object with a url`)
    const { url, name, schema, ...rest } = item as { readonly [key: string]: unknown }
    const [odd] = Object.keys(rest)
    if (odd !== undefined) throw invalid(`${place} has the key "${odd}"; the keys are name, url and schema`)
    return { at: place, ...present({ url, name, schema }) }
  })
}

// The parser's own message quotes the text, which may be a password.
function parsed(file: string, text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return value as readonly unknown[]
  } catch {
    throw invalid(`${file} begins with [ and is not JSON`)
  }
}

function targetsOf(entries: readonly Entry[]): readonly FleetTarget[] {
  return entries.map((entry) => {
    const url = urlOf(entry)
    const schema = textOf(entry, 'schema') ?? url.searchParams.get('schema') ?? undefined
    const name = textOf(entry, 'name') ?? placeOf(url, schema)
    refuseName(name, entry.at)
    return { name, url: url.toString(), ...present({ schema }) }
  })
}

function urlOf({ at, url }: Entry): URL {
  const hint = 'Write postgres://user@host:5432/database; characters such as @ : / # in a password must be percent-encoded.'
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url)) throw invalid(`${at} has no URL that begins with postgres://`, { hint })
  try {
    const read = new URL(url)
    decodeURIComponent(`${read.pathname} ${read.username}`)
    return read
  } catch {
    throw invalid(`${at} has a URL that cannot be read`, { hint })
  }
}

function textOf(entry: Entry, key: 'name' | 'schema'): string | undefined {
  const value = entry[key]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw invalid(`${entry.at}: ${key} is not a text`)
  return value
}

/** A name is stored and printed: it must be short, plain and no URL, which would hold a password. */
function refuseName(name: string, at: string): void {
  if (name.length > 200 || name.includes('://') || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw invalid(`${at} has a name that is longer than 200 characters, a URL, or holds control characters`)
}

/** `host:port/database[/schema]`: where it is, and nothing secret. */
function placeOf(url: URL, schema: string | undefined): string {
  const host = url.searchParams.get('host') ?? (url.hostname || 'localhost')
  const port = url.port || url.searchParams.get('port') || '5432'
  const database = decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username) || 'postgres'
  return [`${host}:${port}`, database, ...(schema === undefined ? [] : [schema])].join('/')
}

function withDatabase(base: string, database: unknown): string {
  if (database === undefined || database === null) return base
  if (typeof database !== 'string') throw invalid('The column database of --targets-query is not a text')
  const url = new URL(base)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.toString()
}

function invalid(message: string, options: { readonly hint?: string } = {}): LockkeeperError {
  return new LockkeeperError('fleet-targets-invalid', `${message}.`, options)
}
