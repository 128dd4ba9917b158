import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { statementsInLog } from '../compatibility/log.ts'
import { sampleOf, type Heard } from '../compatibility/sample.ts'
import type { Sample, SampledQuery } from '../model/compatibility.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import { scan, type Token } from '../postgres/parse.ts'
import { readStatStatements } from '../postgres/stat-statements.ts'
import { count } from '../report/style.ts'
import { present } from '../std/present.ts'

/** The statements in a file: SQL, one behind the other with semicolons between them, or a JSON object {sql, calls} a line. */
export async function queriesInFile(root: string, path: string): Promise<Sample> {
  const content = await contentOf(root, path)
  const heard = content.trimStart().startsWith('{') ? jsonLines(content) : sqlText(content)
  return refuseNone(sampleOf({ from: 'file', notes: [], ...heard }, { keyOf: (sql) => sql, everybody: false }), path)
}

/** The statements in a log of the server; those that differ by their constants alone are one. */
export async function queriesInLog(root: string, path: string): Promise<Sample> {
  const statements = statementsInLog(await contentOf(root, path)).flatMap((message) => sqlText(message).queries)
  const heard: Heard = { from: 'log', queries: statements, unreadable: [], notes: [] }
  return refuseNone(sampleOf(heard, { keyOf: withoutConstants, everybody: true }), path)
}

/** What the server has counted. */
export async function queriesOfServer(session: Session): Promise<Sample> {
  const { queries, hidden, since, evictions, limit } = await readStatStatements(session)
  const notes = [...hiddenNote(hidden, session.target.user), ...evictedNote(evictions, limit)]
  if (evictions === undefined) notes.push('Since when the statements are counted, this server does not say (PostgreSQL 14 does).')
  const heard: Heard = { from: 'pg_stat_statements', queries, unreadable: [], notes, ...present({ since, evictions }) }
  const sample = sampleOf(heard, { keyOf: (sql) => sql, everybody: true })
  if (sample.queries.length === 0 && hidden > 0)
    throw new LockkeeperError('queries-missing', `The role ${session.target.user} may not see the text of any statement.`, {
      hint: `GRANT pg_read_all_stats TO ${session.dialect.name(session.target.user)}.`,
    })
  return refuseNone(sample, 'pg_stat_statements')
}

function hiddenNote(hidden: number, user: string): string[] {
  if (hidden === 0) return []
  return [`The text of ${count(hidden, 'statement')} of other roles is hidden from ${user}: GRANT pg_read_all_stats TO ${user}.`]
}

function evictedNote(evictions: number | undefined, limit: number): readonly string[] {
  if (evictions === undefined || evictions === 0) return []
  return [
    `The server has thrown away its least used statements ${count(evictions, 'time')} to stay within pg_stat_statements.max = ${limit}: rare statements may be missing here. Raise it.`,
  ]
}

async function contentOf(root: string, path: string): Promise<string> {
  try {
    return (await readFile(resolve(root, path), 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const why = (error as { readonly code?: string }).code === 'ENOENT' ? 'there is no such file' : String(error)
    throw new LockkeeperError('queries-unreadable', `${path} cannot be read: ${why}.`, { cause: error, details: { file: path } })
  }
}

function refuseNone(sample: Sample, where: string): Sample {
  if (sample.queries.length + sample.unreadable.length > 0) return sample
  const other = sample.leftOut > 0 ? ` (${count(sample.leftOut, 'statement')} that no change of tables can break)` : ''
  throw new LockkeeperError('queries-missing', `There is no statement of an application in ${where}${other}.`)
}

type Found = Pick<Heard, 'queries' | 'unreadable'>

function jsonLines(content: string): Found {
  const queries: SampledQuery[] = []
  const unreadable: { sql: string; why: string }[] = []
  content.split('\n').forEach((line, at) => {
    if (line.trim() === '') return
    const query = jsonQuery(line)
    if (query === undefined) unreadable.push({ sql: line, why: `line ${at + 1} is no JSON object with the key sql` })
    else queries.push(query)
  })
  return { queries, unreadable }
}

function jsonQuery(line: string): SampledQuery | undefined {
  try {
    const { sql, query = sql, calls = 1 } = JSON.parse(line) as { readonly [key: string]: unknown }
    if (typeof query !== 'string' || query.trim() === '') return undefined
    return { sql: query.trim().replace(/;\s*$/, ''), calls: typeof calls === 'number' && calls >= 0 ? calls : 1 }
  } catch {
    return undefined
  }
}

function sqlText(content: string): Found {
  const texts = tokensOf(content)
  if (texts !== undefined) return { queries: asQueries(cutAt(content, texts)), unreadable: [] }
  // A quote that is not closed: what stands on lines of its own up to a semicolon is looked at by itself.
  const pieces = content.split(/;[ \t]*(?:\r?\n|$)/).map((piece) => piece.trim())
  const whole = pieces.filter((piece) => tokensOf(piece) !== undefined)
  const broken = pieces.filter((piece) => piece !== '' && tokensOf(piece) === undefined)
  return {
    queries: asQueries(whole),
    unreadable: broken.map((sql) => ({ sql, why: 'a quote, a comment or a dollar quote is not closed' })),
  }
}

function asQueries(texts: readonly string[]): readonly SampledQuery[] {
  return texts.map((sql) => sql.trim()).flatMap((sql) => (isEmpty(sql) ? [] : [{ sql, calls: 1 }]))
}

function isEmpty(sql: string): boolean {
  return tokensOf(sql)?.every(({ kind }) => kind.endsWith('_COMMENT')) === true
}

function cutAt(content: string, tokens: readonly Token[]): readonly string[] {
  const bytes = Buffer.from(content, 'utf8')
  const ends = [...tokens.filter(({ kind }) => kind === 'ASCII_59').map(({ start }) => start), bytes.length]
  return ends.map((end, at) => bytes.toString('utf8', at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end))
}

function tokensOf(sql: string): readonly Token[] | undefined {
  try {
    return scan(sql)
  } catch (error) {
    if (error instanceof LockkeeperError && error.code === 'syntax') return undefined
    throw error
  }
}

const constants = new Set(['SCONST', 'ICONST', 'FCONST', 'BCONST', 'XCONST', 'PARAM'])

function withoutConstants(sql: string): string {
  const tokens = tokensOf(sql)?.filter(({ kind }) => !kind.endsWith('_COMMENT'))
  return tokens === undefined ? sql : tokens.map(({ kind, text }) => (constants.has(kind) ? '?' : text)).join(' ')
}
