import { createHash } from 'node:crypto'
import type { Catalog, Relation } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { differs, inStepSetting } from '../in-step.ts'
import { textsOf, type TypeCast } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { parseOne } from '../source.ts'
import { callsIn, columnsIn, nodesTagged } from '../tree.ts'
import { overRow, type TriggerRow } from './_over-row.ts'

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
  /** The new application may leave the new columns out too, so that an INSERT without them tells of nobody. */
  readonly uncounted?: true
}

/** One column that gets a value where it has none. */
export interface Fill {
  readonly column: string
  readonly value: string
  /** `inserts`: the new application leaves the column out. `writes`: the old one may still write NULL. */
  readonly when: 'inserts' | 'writes'
}

export interface SyncTable {
  /** Canonical name. */
  readonly table: string
  readonly relation: Relation
  readonly catalog: Catalog
  readonly syncs: readonly Sync[]
  readonly fills?: readonly Fill[]
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
  const matters = concerned(place)
  const notOurs = `pg_catalog.current_setting('${inStepSetting}', true) IS DISTINCT FROM 'on'`
  return {
    counter: names.counter,
    create: [
      'GRANT USAGE ON SCHEMA lockkeeper TO PUBLIC',
      `CREATE SEQUENCE ${names.counter}`,
      `GRANT USAGE ON SEQUENCE ${names.counter} TO PUBLIC`,
      functionSql(names, place),
      `CREATE TRIGGER ${names.insert} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${names.function}()`,
      `CREATE TRIGGER ${names.update} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN ((${matters}) AND ${notOurs}) EXECUTE FUNCTION ${names.function}()`,
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
function namesOf({ table, relation, syncs, fills = [] }: SyncTable): Names {
  const columns = [...syncs.flatMap((sync) => [...sync.old, ...sync.new]), ...fills].map(({ column }) => column)
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

/** Whether an UPDATE is of interest: a column that is kept in step or read changed, or one lacks what it must have. */
function concerned({ relation, syncs, fills = [] }: SyncTable): string {
  const inserted = fills.flatMap(({ column, when }) => (when === 'inserts' ? [column] : []))
  const watched = [...new Set([...syncs.flatMap(watchedBy), ...inserted])]
  const lacking = fills.flatMap(({ column, when }) => (when === 'writes' ? [`NEW.${quoted(column)} IS NULL`] : []))
  return [...(watched.length === 0 ? [] : [changed(watched, relation)]), ...lacking].join(' OR ')
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
    ...(place.fills ?? []).flatMap((fill) => fillBlock(fill, names, place)),
    '  RETURN NEW;',
    'END',
  ].join('\n')
  const mark = markFor(body)
  const path = valuesOf(place).some((value) => needsPath(value, place.catalog))
    ? ` SET search_path = ${place.catalog.searchPath.map((schema) => quoted(schema)).join(', ')}`
    : ''
  return `CREATE FUNCTION ${names.function}() RETURNS trigger LANGUAGE plpgsql${path} AS ${mark}\n${body}\n${mark}`
}

function blockOf(sync: Sync, names: Names, { relation }: SyncTable): readonly string[] {
  const { old, new: fresh } = sync
  const count = countIn(names)
  const given = fresh.map(({ column }) => `NEW.${quoted(column)} IS NOT NULL`).join(' OR ')
  const sources = [...new Set(fresh.flatMap(({ value }) => (value === undefined ? [] : columnsOf(value))))]
  const [written, kept] = parted(sources, (name) => old.some(({ column }) => column === name))
  const makeNew = assignments(fresh, relation)
  return [
    `IF TG_OP = 'INSERT' THEN`,
    `  IF ${given} THEN`,
    ...orNothing(assignments(old, relation)).map(indented).map(indented),
    '  ELSE',
    ...orNothing(makeNew).map(indented).map(indented),
    ...(isUncounted(sync, relation) ? [] : [`    IF ${given} THEN ${count} END IF;`]),
    '  END IF;',
    `ELSIF ${changed(
      fresh.map(({ column }) => column),
      relation,
    )} THEN`,
    ...completed(sync, relation).map(indented),
    ...orNothing(assignments(old, relation)).map(indented),
    ...(written.length === 0 ? [] : [`ELSIF ${changed(written, relation)} THEN`, ...[count, ...makeNew].map(indented)]),
    ...(kept.length === 0 ? [] : [`ELSIF ${changed(kept, relation)} AND NOT ${apart(fresh, relation)} THEN`, ...makeNew.map(indented)]),
    'END IF;',
  ].map(indented)
}

function countIn({ counter }: Names): string {
  return `_lk_counted := pg_catalog.nextval(${literal(counter)}::pg_catalog.regclass);`
}

function parted<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

/** The new application writes one of several columns into a row that the backfill has not reached, and would never reach again. */
function completed({ new: fresh }: Sync, relation: Relation): readonly string[] {
  const able = fresh.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
  if (fresh.length < 2 || able.length === 0) return []
  const unfilled = fresh.map(({ column }) => `OLD.${quoted(column)} IS NULL`).join(' AND ')
  const values = able.map(({ column, value }) => ({ column, value: `coalesce(${quoted(column)}, ${value})` }))
  return [`IF ${unfilled} THEN`, ...assignments(values, relation).map(indented), 'END IF;']
}

/**
 * A column that stays is written by either application. What is made of it follows as long as it is still what was made: what the new
 * application wrote into it by itself stays.
 */
function apart(fresh: readonly Side[], relation: Relation): string {
  const able = fresh.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
  return differs(
    able.map(({ column }) => `OLD.${quoted(column)}`),
    able.map(({ column, value }) => overRow(asStored(column, value, relation), relation, 'OLD')),
  )
}

/** The value as its column would hold it: only what has the same type can be compared by its bytes. */
export function asStored(column: string, value: string, { columns }: Relation): string {
  const type = columns.find(({ name }) => name === column)?.type
  return type === undefined ? value : `(${value})::${type}`
}

/** Of INSERTs, the old application's give a column that goes, and leave NULL one that is to have a value. */
function fillBlock({ column, value, when }: Fill, names: Names, { relation }: SyncTable): readonly string[] {
  const [fill = ''] = assignments([{ column, value }], relation)
  const count = countIn(names)
  const lacks = `NEW.${quoted(column)} IS NULL`
  const lines =
    when === 'writes'
      ? [`IF ${lacks} THEN`, `  ${fill}`, `  IF NOT (${lacks}) THEN ${count} END IF;`, 'END IF;']
      : [
          `IF TG_OP = 'INSERT' AND ${lacks} THEN`,
          `  ${fill}`,
          `ELSIF TG_OP = 'INSERT' OR ${changed([column], relation)} THEN`,
          `  ${count}`,
          'END IF;',
        ]
  return lines.map(indented)
}

function assignments(sides: readonly Side[], relation: Relation): readonly string[] {
  return sides.flatMap(({ column, value }) => (value === undefined ? [] : [`NEW.${quoted(column)} := ${overRow(value, relation)};`]))
}

function orNothing(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['NULL;'] : lines
}

function changed(columns: readonly string[], { columns: known }: Relation): string {
  const isPlain = (name: string) => {
    const column = known.find((each) => each.name === name)
    return column?.collation === undefined && plainTypes.test(column?.type ?? '')
  }
  const [plain, others] = parted(columns, isPlain)
  const of = (row: TriggerRow) => others.map((column) => `${row}.${quoted(column)}`)
  const tests = plain.map((column) => `OLD.${quoted(column)} IS DISTINCT FROM NEW.${quoted(column)}`)
  const all = [...tests, ...(others.length === 0 ? [] : [differs(of('OLD'), of('NEW'))])]
  return all.length === 1 ? all.join('') : `(${all.join(' OR ')})`
}

/** Types whose equal values are equal by their bytes: `=` takes a tenth of the time that two records take. The collation of a database is deterministic. */
const plainTypes =
  /^(smallint|integer|bigint|oid|boolean|uuid|date|text|character varying(\(\d+\))?|timestamp(\(\d\))? with(out)? time zone|bytea)$/

/** Then an INSERT that leaves the new column out is one of either application, and cannot be counted. */
function isUncounted({ old, uncounted }: Sync, relation: Relation): boolean {
  if (uncounted === true) return true
  return old.some(({ column: name }) => {
    const column = relation.columns.find((each) => each.name === name)
    return column?.default !== undefined || column?.identity !== undefined
  })
}

function indented(line: string): string {
  return `  ${line}`
}

/** Names of the user's own are looked for where the migration looks; plain columns and casts to types of the server need no path, which costs each call. */
function needsPath(value: string, { types }: Catalog): boolean {
  const tree = parseOne(`SELECT ${value}`)
  const own = new Set([...types.keys()].map((key) => key.slice(key.indexOf('.') + 1)))
  const casts = nodesTagged<TypeCast>('TypeCast', tree).map(({ typeName }) => textsOf(typeName?.names))
  const isOwn = casts.some(
    (parts) => parts[0] !== 'pg_catalog' && (parts.length > 1 || own.has(parts[0] ?? '') || !plainTypes.test(parts[0] ?? '')),
  )
  return isOwn || callsIn(tree).length > 0 || nodesTagged('A_Expr', tree).length > 0
}

function valuesOf({ syncs, fills = [] }: SyncTable): readonly string[] {
  const sides = syncs.flatMap((sync) => [...sync.old, ...sync.new])
  return [...sides, ...fills].flatMap(({ value }) => (value === undefined ? [] : [value]))
}

/** A delimiter that does not stand in the body. */
function markFor(body: string): string {
  let mark = '$lk$'
  for (let n = 1; body.includes(mark); n += 1) mark = `$lk${n}$`
  return mark
}
