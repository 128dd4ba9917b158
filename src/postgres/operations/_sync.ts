import { createHash } from 'node:crypto'
import type { Catalog, Relation } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { differs, inStepSetting } from '../in-step.ts'
import { edited, type Edit } from '../rewrites/_expression.ts'
import { textsOf, type ColumnRef } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { parseOne, tokenAt, type Source } from '../source.ts'
import { scan } from '../parse.ts'
import { callsIn, columnsIn, nodesTagged } from '../tree.ts'

const { name: quoted, literal } = postgresDialect

/** A column, and what it holds by the columns of the other side. */
export interface Side {
  readonly column: string
  /** SQL over the row. Absent: nothing can be said, and it stays as it is. */
  readonly value?: string
}

/** Columns of one table that say the same in two ways. */
export interface Sync {
  /** What the running application knows. */
  readonly old: readonly Side[]
  /** What the application to come knows. None of them has a DEFAULT: a value in one tells that the new application wrote it. */
  readonly new: readonly Side[]
}

export interface SyncTable {
  /** Canonical name. */
  readonly table: string
  readonly relation: Relation
  readonly catalog: Catalog
  readonly syncs: readonly Sync[]
}

export interface SyncTriggers {
  /** Function, counter and triggers, for the transaction that adds the columns. */
  readonly create: readonly string[]
  /** The triggers first: a function that names a column which is gone fails each write. */
  readonly drop: readonly string[]
  /** Canonical name of the sequence that moves at each write of the old side. */
  readonly counter: string
}

/**
 * Two BEFORE ROW triggers that keep the columns in step, and their function. Which side was written tells the direction: on INSERT the new one
 * where it has a value, on UPDATE the new one where it changed, else the old one. They sort behind all others, so that they see what those made
 * of the row; they call the function only where a column that matters changed, by its bytes. What they need stands in our schema, where the caller
 * needs no right of his own but USAGE. CREATE TRIGGER takes SHARE ROW EXCLUSIVE, DROP TRIGGER ACCESS EXCLUSIVE (docs/lock-matrix.jsonl).
 */
export function syncTriggers(place: SyncTable): SyncTriggers {
  const { table } = place
  const names = namesOf(place)
  const matters = changed([...new Set(place.syncs.flatMap((sync) => watchedBy(sync)))])
  const notOurs = `pg_catalog.current_setting('${inStepSetting}', true) IS DISTINCT FROM 'on'`
  return {
    counter: names.counter,
    create: [
      'GRANT USAGE ON SCHEMA lockkeeper TO PUBLIC',
      `CREATE SEQUENCE ${names.counter}`,
      `GRANT USAGE ON SEQUENCE ${names.counter} TO PUBLIC`,
      functionSql(names, place),
      `CREATE TRIGGER ${names.insert} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${names.function}()`,
      `CREATE TRIGGER ${names.update} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN (${matters} AND ${notOurs}) EXECUTE FUNCTION ${names.function}()`,
    ],
    drop: [
      `DROP TRIGGER IF EXISTS ${names.insert} ON ${table}`,
      `DROP TRIGGER IF EXISTS ${names.update} ON ${table}`,
      `DROP FUNCTION IF EXISTS ${names.function}()`,
      `DROP SEQUENCE IF EXISTS ${names.counter}`,
    ],
  }
}

interface Names {
  readonly function: string
  readonly counter: string
  readonly insert: string
  readonly update: string
}

/** The same whenever they are made again; of two tables or columns never the same. */
function namesOf({ table, relation, syncs }: SyncTable): Names {
  const columns = syncs.flatMap((sync) => [...sync.old, ...sync.new]).map(({ column }) => column)
  const mark = createHash('sha256')
    .update(JSON.stringify([table, columns]))
    .digest('hex')
    .slice(0, 6)
  const named = (what: string) => makeObjectName(relation.name, columns.join('_'), `${what}_${mark}`)
  return {
    function: quoted('lockkeeper', named('sync')),
    counter: quoted('lockkeeper', named('old_writes')),
    insert: quoted(`~lk_insert_${mark}`),
    update: quoted(`~lk_update_${mark}`),
  }
}

/** The columns of both sides, and what else their values read. */
function watchedBy({ old, new: fresh }: Sync): readonly string[] {
  return [...old, ...fresh].flatMap(({ column, value }) => [column, ...(value === undefined ? [] : columnsOf(value))])
}

function columnsOf(value: string): readonly string[] {
  return columnsIn(parseOne(`SELECT ${value}`))
}

function functionSql(names: Names, place: SyncTable): string {
  const body = [
    'DECLARE',
    '  _lk_counted bigint;',
    'BEGIN',
    ...place.syncs.flatMap((sync) => blockOf(sync, names, place)),
    '  RETURN NEW;',
    'END',
  ].join('\n')
  const mark = markFor(body)
  const path = place.syncs.some(needsPath)
    ? ` SET search_path = ${place.catalog.searchPath.map((schema) => quoted(schema)).join(', ')}`
    : ''
  return `CREATE FUNCTION ${names.function}() RETURNS trigger LANGUAGE plpgsql${path} AS ${mark}\n${body}\n${mark}`
}

function blockOf(sync: Sync, names: Names, { relation }: SyncTable): readonly string[] {
  const { old, new: fresh } = sync
  const count = `_lk_counted := pg_catalog.nextval(${literal(names.counter)}::pg_catalog.regclass);`
  const given = fresh.map(({ column }) => `NEW.${quoted(column)} IS NOT NULL`).join(' OR ')
  const sources = [...new Set(fresh.flatMap(({ value }) => (value === undefined ? [] : columnsOf(value))))]
  return [
    `IF TG_OP = 'INSERT' THEN`,
    `  IF ${given} THEN`,
    ...orNothing(assignments(old, relation)).map(indented).map(indented),
    '  ELSE',
    ...assignments(fresh, relation).map(indented).map(indented),
    ...(isGivenByDefault(sync, relation) ? [] : [`    IF ${given} THEN ${count} END IF;`]),
    '  END IF;',
    `ELSIF ${changed(fresh.map(({ column }) => column))} THEN`,
    ...orNothing(assignments(old, relation)).map(indented),
    ...(sources.length === 0 ? [] : [`ELSIF ${changed(sources)} THEN`, ...[count, ...assignments(fresh, relation)].map(indented)]),
    'END IF;',
  ].map(indented)
}

function assignments(sides: readonly Side[], relation: Relation): readonly string[] {
  return sides.flatMap(({ column, value }) => (value === undefined ? [] : [`NEW.${quoted(column)} := ${overRow(value, relation)};`]))
}

function orNothing(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['NULL;'] : lines
}

function changed(columns: readonly string[]): string {
  const of = (row: 'NEW' | 'OLD') => columns.map((column) => `${row}.${quoted(column)}`)
  return differs(of('OLD'), of('NEW'))
}

/** Then an INSERT that leaves the new column out is one of either application, and cannot be counted. */
function isGivenByDefault({ old }: Sync, relation: Relation): boolean {
  return old.some(({ column: name }) => {
    const column = relation.columns.find((each) => each.name === name)
    return column?.default !== undefined || column?.identity !== undefined
  })
}

function indented(line: string): string {
  return `  ${line}`
}

/** Names of the user's own are looked for where the migration looks; plain columns and casts to types of the server need no path. */
function needsPath({ old, new: fresh }: Sync): boolean {
  return [...old, ...fresh].some(({ value }) => {
    if (value === undefined) return false
    const tree = parseOne(`SELECT ${value}`)
    return callsIn(tree).length > 0 || nodesTagged('TypeCast', tree).length > 0 || nodesTagged('A_Expr', tree).length > 0
  })
}

/** A delimiter that does not stand in the body. */
function markFor(body: string): string {
  let mark = '$lk$'
  for (let n = 1; body.includes(mark); n += 1) mark = `$lk${n}$`
  return mark
}

/** The expression over the row that a trigger has: each column of the table is one of NEW. */
function overRow(value: string, relation: Relation): string {
  const sql = `SELECT ${value}`
  const node = parseOne(sql)
  if (node === undefined) return value
  const source: Source = { sql, node, tokens: scan(sql).filter((token) => !token.kind.endsWith('_COMMENT')) }
  const edits = nodesTagged<ColumnRef>('ColumnRef', node).flatMap((reference) => editOf(source, reference, relation))
  return edited(sql, ['SELECT '.length, Buffer.byteLength(sql, 'utf8')], edits)
}

function editOf(source: Source, { fields = [], location = 0 }: ColumnRef, relation: Relation): readonly Edit[] {
  const names = textsOf(fields)
  const at = tokenAt(source, location)
  const [first, second] = [source.tokens[at], source.tokens[at + 2]]
  if (first === undefined || !isColumn(relation, names.at(-1))) return []
  if (names.length === 1) return [{ start: first.start, end: first.start, text: 'NEW.' }]
  return names[0] === relation.name && second !== undefined ? [{ start: first.start, end: second.start, text: 'NEW.' }] : []
}

function isColumn(relation: Relation, name: string | undefined): boolean {
  return relation.columns.some((column) => column.name === name)
}
