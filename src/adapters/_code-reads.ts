/**
 * What it would mean to look at the result of a statement. `none`: it has none worth a look (DDL). `catalog`: how the schema stands, which can
 * be probed again. `data`: rows of the user, which differ from database to database.
 */
export type ReadKind = 'none' | 'catalog' | 'data'

/** Told from the text: which relations stand in FROM and JOIN. What it does not understand counts as data. */
export function readKind(sql: string): ReadKind {
  const tokens = tokenize(sql)
  const first = tokens[0]?.toUpperCase() ?? ''
  if (first === 'SHOW' || first === 'VALUES') return 'catalog'
  if (['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TABLE', 'EXPLAIN', 'EXECUTE', 'FETCH', 'CALL', 'COPY'].includes(first)) return 'data'
  if (first !== 'SELECT' && first !== 'WITH' && first !== '(') return 'none'
  if (tokens.some((token) => /^(?:INSERT|UPDATE|DELETE|MERGE)$/i.test(token))) return 'data'
  const own = withNames(tokens)
  return relations(tokens).every((relation) => own.has(relation.join('.')) || isCatalog(relation)) ? 'catalog' : 'data'
}

/** A change without RETURNING has no rows on any database, so that a look at them tells nothing; some ORMs look at those of every answer. */
export function givesNoRows(sql: string): boolean {
  const tokens = tokenize(sql)
  return /^(?:INSERT|UPDATE|DELETE)$/i.test(tokens[0] ?? '') && !tokens.some((token) => /^RETURNING$/i.test(token))
}

function isCatalog(relation: readonly string[]): boolean {
  const [schema, table] = relation.length > 1 ? relation.slice(-2) : [undefined, relation[0]]
  if (schema === 'pg_catalog' || schema === 'information_schema') return true
  // typeorm_metadata is TypeORM's own note of views and generated columns.
  return table === 'typeorm_metadata' || (schema === undefined && table !== undefined && table.startsWith('pg_'))
}

// Comments and literals fall away; a quoted name keeps its quotes.
const pattern = /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]?'(?:''|\\.|[^'\\])*'|\$(\w*)\$[\s\S]*?\$\1\$|"(?:""|[^"])*"|[\p{L}_][\p{L}\p{N}_$]*|\S/gu

function tokenize(sql: string): readonly string[] {
  return [...sql.matchAll(pattern)].map((match) => match[0]).filter((token) => !/^(?:--|\/\*|[eE]?'|\$\w*\$)/.test(token))
}

function nameOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"')
  return /^[\p{L}_]/u.test(token) ? token.toLowerCase() : undefined
}

/** Names made by WITH: what stands before `AS (`. */
function withNames(tokens: readonly string[]): ReadonlySet<string> {
  const found = tokens.flatMap((token, at) =>
    tokens[at + 1]?.toUpperCase() === 'AS' && tokens[at + 2] === '(' ? [nameOf(token) ?? ''] : [],
  )
  return new Set(found)
}

/** One depth of brackets: has it a SELECT, and are we between its FROM and what ends it. */
interface Level {
  select: boolean
  from: boolean
}

/** The relations of every FROM and JOIN, as their parts. Functions and subqueries in FROM are none. */
function relations(tokens: readonly string[]): readonly (readonly string[])[] {
  const levels: Level[] = [{ select: false, from: false }]
  return tokens.flatMap((token, at) => {
    const word = token.toUpperCase()
    if (word === '(') levels.push({ select: false, from: levels.at(-1)?.from === true && opensItem(tokens, at) })
    else if (word === ')') levels.pop()
    const level = levels.at(-1) ?? { select: false, from: false }
    clause(level, word, tokens[at - 1])
    return level.from && ['FROM', 'JOIN', ',', '('].includes(word) ? itemAt(tokens, at + 1) : []
  })
}

const endsFrom = /^(?:SELECT|WHERE|GROUP|ORDER|HAVING|LIMIT|OFFSET|UNION|INTERSECT|EXCEPT|WINDOW|FETCH|FOR)$/

function clause(level: Level, word: string, before: string | undefined): void {
  if (word === 'SELECT') level.select = true
  if (endsFrom.test(word)) level.from = false
  // `extract(epoch FROM x)` has no SELECT at its depth, and `IS DISTINCT FROM x` is no clause either.
  if (word === 'FROM' && level.select && before?.toUpperCase() !== 'DISTINCT') level.from = true
}

/** Whether a bracket stands where an item of FROM may: `FROM (a JOIN b)`. A SELECT inside it ends that at once. */
function opensItem(tokens: readonly string[], at: number): boolean {
  return /^(?:FROM|JOIN|,|\(|LATERAL)$/i.test(tokens[at - 1] ?? '')
}

function itemAt(tokens: readonly string[], start: number): readonly (readonly string[])[] {
  let at = start
  while (/^(?:ONLY|LATERAL)$/i.test(tokens[at] ?? '')) at += 1
  if (/^(?:SELECT|WITH|VALUES)$/i.test(tokens[at] ?? '')) return []
  const parts: string[] = []
  for (let part = nameOf(tokens[at]); part !== undefined; part = tokens[at] === '.' ? nameOf(tokens[(at += 1)]) : undefined) {
    parts.push(part)
    at += 1
  }
  return parts.length === 0 || tokens[at] === '(' ? [] : [parts]
}
