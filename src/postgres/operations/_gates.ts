import type { Relation } from '../../model/catalog.ts'
import type { QueryGate, UnusedGate } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import { namesIt } from '../naming.ts'
import { ownMark } from '../own-mark.ts'
import { postgresDialect } from '../quote.ts'

const { name: quoted, literal } = postgresDialect

/** Rows that the backfill did not reach, or that were written past the trigger (session_replication_role). `where`: what is left to do. */
export function backfilledGate(table: string, columns: readonly string[], where: string): QueryGate {
  return {
    kind: 'backfilled',
    relation: table,
    title: `every row of ${table} has its ${columns.join(', ')}`,
    sql: rowsWhere(table, table, where),
    failure: `rows of ${table} have no ${columns.join(', ')} yet`,
    hint: `Look at them, and fill them: they match ${where}.`,
  }
}

/** Enough to see a fault in the expressions or a writer that goes past the trigger, without reading a large table whole. */
const sampledRows = 200_000

/** `differs`: a condition over the row that is true where the two sides do not say the same. */
export function inStepGate(table: string, relation: Relation, differs: string): QueryGate {
  const share = Math.min(100, Math.max(0.01, (100 * sampledRows) / Math.max(1, relation.rows ?? 1)))
  const sample = share >= 100 ? table : `${table} TABLESAMPLE SYSTEM (${share.toFixed(2)})`
  return {
    kind: 'in-step',
    relation: table,
    title: `old and new agree in ${share >= 100 ? 'every row' : 'a sample of the rows'} of ${table}`,
    sql: rowsWhere(table, sample, differs),
    failure: `old and new columns of ${table} differ`,
    hint: `Find out who writes past the trigger: SELECT * FROM ${table} WHERE ${differs}.`,
  }
}

function rowsWhere(table: string, source: string, condition: string): string {
  return `SELECT ${ownMark} count(*) || ${literal(` rows of ${table}`)} AS what FROM ${source} WHERE ${condition} HAVING count(*) > 0`
}

interface Gone {
  readonly table: string
  readonly relation: Relation
  /** Absent: the whole table. */
  readonly column?: string
  /** Canonical names of tables that go with it, so that what they have on it is in nobody's way. */
  readonly besides?: readonly string[]
  /** Schemas of earlier versions, whose views go first. */
  readonly earlier?: readonly string[]
}

function wordsOf({ table, column }: Gone): string {
  return column === undefined ? table : `${quoted(column)} of ${table}`
}

/** `counter`: what moves when the old side writes, where it is kept in step (SyncTriggers); `views`: of the old version. */
export function unusedGate(
  gone: Gone,
  { counter, views = [] }: { readonly counter?: string; readonly views?: readonly string[] } = {},
): UnusedGate {
  const { table, relation, column } = gone
  const what = wordsOf(gone)
  return {
    kind: 'unused',
    relation: table,
    title: `nobody uses ${what} any more: not ${[...(counter === undefined ? [] : ['a write']), 'a statement that names it', 'a session of the old application, where that is named'].join(', not ')}`,
    what,
    names: column === undefined ? [relation.name] : [relation.name, column],
    views,
    ...(counter !== undefined && { counter }),
  }
}

/** The views through which the old version finds the table, where it does. */
export function viewsOn(table: string, { versions }: RewriteOptions): { readonly views: readonly string[] } {
  return { views: versions?.views.get(table) ?? [] }
}

/** Columns that either application writes: that the old one still does shows by what the trigger has to add, and by nothing else. */
export function unaidedGate({
  table,
  columns,
  counter,
}: {
  readonly table: string
  readonly columns: readonly string[]
  readonly counter: string
}): UnusedGate {
  const what = `${columns.map((column) => quoted(column)).join(', ')} of ${table} without a value of its own`
  return { kind: 'unused', relation: table, title: `nobody writes ${what} any more`, what, names: [], views: [], counter }
}

/** Either version says the same name: that the old one still means its own column shows by its writes and its views alone. */
export function replacedGate(place: {
  readonly table: string
  readonly columns: readonly string[]
  readonly counter: string
  readonly views: readonly string[]
}): UnusedGate {
  const { table, columns, counter, views } = place
  const what = `the old ${columns.map((column) => quoted(column)).join(', ')} of ${table}`
  return {
    kind: 'unused',
    relation: table,
    title: `nobody uses ${what} any more: not a write, not a view of the old version`,
    what,
    names: [],
    views,
    counter,
  }
}

/** A new name takes nothing away from what the catalog ties to the column: only texts still say the old one. */
export function nothingNames(gone: Gone): QueryGate {
  return dependsGate(gone, `WITH RECURSIVE ${tablesSql(gone)}\n${functionsNaming(gone)}`)
}

/** All that the server would refuse a DROP for, what else it would silently take with it, and functions that fail afterwards. */
export function nothingDepends(gone: Gone): QueryGate {
  return dependsGate(
    gone,
    `WITH RECURSIVE ${tablesSql(gone)},
${goingSql(gone)}
${refusalsSql(gone)}
UNION
${generatedColumns}
UNION
${functionsNaming(gone)}`,
  )
}

function dependsGate(gone: Gone, sql: string): QueryGate {
  const what = wordsOf(gone)
  return {
    kind: 'nothing-depends',
    relation: gone.table,
    title: `nothing needs ${what}`,
    sql,
    failure: `something still needs ${what}`,
    hint: 'Change or drop what is named, then run it again.',
  }
}

/** The table; of a column also what inherits from it, for it goes from all of them; and tables that go besides, which are not `own`. */
function tablesSql({ table, column, besides = [] }: Gone): string {
  const others = besides.map((each) => `\n  UNION SELECT pg_catalog.to_regclass(${literal(each)})::pg_catalog.oid, false`)
  const heirs = '\n  UNION SELECT i.inhrelid, true FROM pg_catalog.pg_inherits i JOIN tables t ON i.inhparent = t.oid'
  return `tables (oid, own) AS (
  SELECT ${literal(table)}::pg_catalog.regclass::pg_catalog.oid, true${others.join('')}${column === undefined ? '' : heirs}
)`
}

/** What DROP takes with it unasked (dependency.c: `auto`, `internal` and of partitions): indexes, constraints, statistics, the default, its sequence. */
function goingSql({ column }: Gone): string {
  const first =
    column === undefined
      ? 'SELECT 0, t.oid, t.own FROM tables t'
      : `SELECT a.attnum::int, a.attrelid, true FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = ${literal(column)}`
  return `doomed (part, oid, own) AS (
  ${first}
), going (classid, objid, part, own) AS (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, oid, part, own FROM doomed
  UNION SELECT d.classid, d.objid, d.objsubid, g.own FROM pg_catalog.pg_depend d JOIN going g ON ${refersTo}
  WHERE d.deptype IN ('a', 'i', 'P', 'S') AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0 AND EXISTS (SELECT FROM tables t WHERE t.oid = d.objid))
)`
}

const refersTo = 'd.refclassid = g.classid AND d.refobjid = g.objid AND (g.part = 0 OR d.refobjsubid = g.part)'

/** What needs something that goes and does not go itself. Our own triggers name the column in their WHEN, and are dropped before it. */
function refusalsSql({ earlier = [] }: Gone): string {
  const isEarlier = `d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.oid = d.objid AND n.nspname IN (${earlier.map((schema) => literal(schema)).join(', ')}))`
  const others = earlier.length === 0 ? '' : `\n  AND NOT (${isEarlier})`
  return `SELECT CASE d.classid WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    THEN (SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0) || CASE r.rulename WHEN '_RETURN' THEN '' ELSE ', rule ' || r.rulename END FROM pg_catalog.pg_rewrite r WHERE r.oid = d.objid)
    ELSE pg_catalog.pg_describe_object(d.classid, d.objid, 0) END || ' needs it' AS what
FROM pg_catalog.pg_depend d JOIN going g ON ${refersTo}
WHERE g.own AND d.deptype = 'n' AND NOT EXISTS (SELECT FROM going o WHERE o.classid = d.classid AND o.objid = d.objid AND o.part IN (0, d.objsubid))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid AND t.tgname LIKE '~lk%')${others}`
}

/** Before 15 the server drops them silently with a column that they read. */
const generatedColumns = `SELECT pg_catalog.pg_describe_object(g.classid, g.objid, g.part) || ' is generated from it'
FROM going g JOIN tables t ON t.oid = g.objid
WHERE g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND NOT EXISTS (SELECT FROM doomed d WHERE d.oid = g.objid AND d.part IN (0, g.part))`

/**
 * Functions that name it in their text: nothing in the catalog ties them to it, and they fail once it is gone. A trigger function says NEW.full_name,
 * and one that is given a row says no more of the table.
 */
function functionsNaming({ relation, column }: Gone): string {
  const table = namesIt('p.prosrc', relation.name)
  const part =
    column === undefined
      ? table
      : `${namesIt('p.prosrc', column)}
  AND (${table}
    OR EXISTS (SELECT FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE g.tgfoid = p.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_type y JOIN tables t ON t.oid = y.typrelid WHERE y.oid = p.prorettype OR y.oid = ANY (p.proargtypes) OR y.oid = ANY (p.proallargtypes)))`
  return `SELECT 'function ' || p.oid::pg_catalog.regprocedure::text || ' names it in its text' AS what
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'lockkeeper') AND l.lanname NOT IN ('c', 'internal')
  AND ${part}`
}
