import { createHash } from 'node:crypto'
import type { Catalog, Relation } from '../../model/catalog.ts'
import { differs } from '../in-step.ts'
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
  /** Of the new side: where the new version leaves it out, it is what the old column got by itself (identity). */
  readonly given?: true
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
  /**
   * Canonical names by which the old version finds the table: its own, and its views. Present where each version has a schema of its own; who
   * inserts is then told by what the name of the table means to the session.
   */
  readonly oldNames?: readonly string[]
  /** A boolean column of ours that says of each row whether its new columns are filled. Absent: it is filled where one of them has a value. */
  readonly marker?: string
}

/** The condition that the new version writes, in the function. */
const isNewVersion = 'TG_NARGS > 0'

export function columnsOf(value: string): readonly string[] {
  return columnsIn(parseOne(`SELECT ${value}`))
}

interface Names {
  readonly function: string
  readonly counter: string
}

/** CREATE FUNCTION of a trigger that keeps the columns in step: `function` and `counter` are canonical names. */
export function functionSql(names: Names, place: SyncTable): string {
  const body = [
    'DECLARE',
    '  _lk_counted bigint;',
    'BEGIN',
    ...place.syncs.flatMap((sync) => blockOf(sync, names, place)),
    ...(place.fills ?? []).flatMap((fill) => fillBlock(fill, names, place)),
    ...(place.marker === undefined ? [] : [`  NEW.${quoted(place.marker)} := true;`]),
    '  RETURN NEW;',
    'END',
  ].join('\n')
  const mark = markFor(body)
  const path = valuesOf(place).some((value) => needsPath(value, place.catalog))
    ? ` SET search_path = ${place.catalog.searchPath.map((schema) => quoted(schema)).join(', ')}`
    : ''
  return `CREATE FUNCTION ${names.function}() RETURNS trigger LANGUAGE plpgsql${path} AS ${mark}\n${body}\n${mark}`
}

function blockOf(sync: Sync, names: Names, place: SyncTable): readonly string[] {
  const { relation, oldNames: versions } = place
  const { old, new: fresh } = sync
  const count = countIn(names)
  const given = fresh.map(({ column }) => `NEW.${quoted(column)} IS NOT NULL`).join(' OR ')
  const sources = [...new Set(fresh.flatMap(({ value }) => (value === undefined ? [] : columnsOf(value))))]
  const [written, kept] = parted(sources, (name) => old.some(({ column }) => column === name))
  const makeNew = assignments(fresh, relation)
  return [
    `IF TG_OP = 'INSERT' THEN`,
    `  IF ${versions === undefined ? given : `${isNewVersion} OR ${given}`} THEN`,
    ...orNothing([...selfFilled(fresh, relation), ...assignments(old, relation)])
      .map(indented)
      .map(indented),
    '  ELSE',
    ...orNothing(makeNew).map(indented).map(indented),
    ...(versions === undefined && isUncounted(sync, relation) ? [] : [`    IF ${given} THEN ${count} END IF;`]),
    '  END IF;',
    `ELSIF ${changed(
      fresh.map(({ column }) => column),
      relation,
    )} THEN`,
    ...completed(sync, place).map(indented),
    ...orNothing(assignments(old, relation)).map(indented),
    ...(written.length === 0 ? [] : [`ELSIF ${changed(written, relation)} THEN`, ...[count, ...makeNew].map(indented)]),
    ...(kept.length === 0 ? [] : [`ELSIF ${changed(kept, relation)} AND ${isMade(fresh, place)} THEN`, ...makeNew.map(indented)]),
    ...(place.marker === undefined || makeNew.length === 0 ? [] : [`ELSIF ${unfilled(fresh, place)} THEN`, ...makeNew.map(indented)]),
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
function completed({ new: fresh }: Sync, place: SyncTable): readonly string[] {
  const able = fresh.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
  if (fresh.length < 2 || able.length === 0) return []
  const values = able.map(({ column, value }) => ({ column, value: `coalesce(${quoted(column)}, ${value})` }))
  return [`IF ${unfilled(fresh, place)} THEN`, ...assignments(values, place.relation).map(indented), 'END IF;']
}

function unfilled(fresh: readonly Side[], { marker }: SyncTable): string {
  if (marker !== undefined) return `OLD.${quoted(marker)} IS NULL`
  return fresh.map(({ column }) => `OLD.${quoted(column)} IS NULL`).join(' AND ')
}

/** What the server gives the old column is the new one's too: an identity, a sequence. */
function selfFilled(fresh: readonly Side[], relation: Relation): readonly string[] {
  return fresh.flatMap((side) =>
    side.given === true ? [`IF NEW.${quoted(side.column)} IS NULL THEN`, ...assignments([side], relation).map(indented), 'END IF;'] : [],
  )
}

/** Whether the new columns still are what was made of the old ones: a row that was never filled is made too. */
function isMade(fresh: readonly Side[], place: SyncTable): string {
  const isInStep = `NOT ${apart(fresh, place.relation)}`
  return place.marker === undefined ? isInStep : `(${unfilled(fresh, place)} OR ${isInStep})`
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
function asStored(column: string, value: string, { columns }: Relation): string {
  const type = columns.find(({ name }) => name === column)?.type
  return type === undefined ? value : `(${value})::${type}`
}

/** Of INSERTs, the old application's give a column that goes, and leave NULL one that is to have a value. */
function fillBlock({ column, value, when }: Fill, names: Names, { relation, oldNames: versions }: SyncTable): readonly string[] {
  const [fill = ''] = assignments([{ column, value }], relation)
  const count = countIn(names)
  const lacks = `NEW.${quoted(column)} IS NULL`
  const lines =
    when === 'writes'
      ? [`IF ${lacks} THEN`, `  ${fill}`, `  IF NOT (${lacks}) THEN ${count} END IF;`, 'END IF;']
      : [
          `IF TG_OP = 'INSERT' AND ${versions === undefined ? lacks : `(${isNewVersion} OR ${lacks})`} THEN`,
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

export function changed(columns: readonly string[], { columns: known }: Relation): string {
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

/** Neither direction explains the row: an expression may forget something, and then only the other one agrees. */
export function neitherExplains({ old, new: fresh }: Sync, relation: Relation): string {
  const sides = [valued(fresh), valued(old)]
  return sides
    .map((side) =>
      differs(
        side.map(({ column }) => quoted(column)),
        side.map(({ column, value }) => asStored(column, value, relation)),
      ),
    )
    .join(' AND ')
}

/** A side of which something is said. */
export type Valued = Pick<Required<Side>, 'column' | 'value'>

/** Those of which something is said. */
export function valued(sides: readonly Side[]): readonly Valued[] {
  return sides.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
}

/**
 * Name of a column of ours that marks which rows are filled. A new version may write NULL on purpose: the columns themselves do not show it.
 */
export function markerFor(columns: readonly string[]): string {
  return `_lk_filled_${createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 6)}`
}
