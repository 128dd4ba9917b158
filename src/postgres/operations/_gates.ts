import type { Relation } from '../../model/catalog.ts'
import type { Gate } from '../../model/plan.ts'
import { postgresDialect } from '../quote.ts'

const { name: quoted, literal } = postgresDialect

/** Rows that the backfill did not reach, or that were written past the trigger (session_replication_role). `where`: what is left to do. */
export function backfilledGate(table: string, columns: readonly string[], where: string): Gate {
  return {
    kind: 'backfilled',
    relation: table,
    title: `every row of ${table} has its ${columns.join(', ')}`,
    sql: `SELECT count(*) || ' rows of ${table.replaceAll("'", "''")}' AS what FROM ${table} WHERE ${where} HAVING count(*) > 0`,
    failure: `rows of ${table} have no ${columns.join(', ')} yet`,
    hint: `Look at them, and fill them: they match ${where}.`,
  }
}

/** Enough to see a fault in the expressions or a writer that goes past the trigger, without reading a large table whole. */
const sampledRows = 200_000

/** `differs`: a condition over the row that is true where the two sides do not say the same. */
export function inStepGate(table: string, relation: Relation, differs: string): Gate {
  const share = Math.min(100, Math.max(0.01, (100 * sampledRows) / Math.max(1, relation.rows ?? 1)))
  const sample = share >= 100 ? table : `${table} TABLESAMPLE SYSTEM (${share.toFixed(2)})`
  return {
    kind: 'in-step',
    relation: table,
    title: `old and new agree in ${share >= 100 ? 'every row' : 'a sample of the rows'} of ${table}`,
    sql: `SELECT count(*) || ' rows of ${table.replaceAll("'", "''")}' AS what FROM ${sample} WHERE ${differs} HAVING count(*) > 0`,
    failure: `old and new columns of ${table} differ`,
    hint: `Find out who writes past the trigger: SELECT * FROM ${table} WHERE ${differs}.`,
  }
}

/** Functions that name the column in their text: nothing in the catalog ties them to it, and they fail once it is gone. */
function functionsNaming(relation: Relation, word: string): string {
  const named = (text: string) => `p.prosrc ~ (${literal('\\m')} || ${literal(escaped(text))} || ${literal('\\M')})`
  return `SELECT p.oid::pg_catalog.regprocedure::text || ' names it in its text' AS what
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'lockkeeper') AND ${named(word)}${word === relation.name ? '' : ` AND ${named(relation.name)}`}`
}

function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}_]/gu, '\\$&')
}

interface Gone {
  readonly table: string
  readonly relation: Relation
  /** Absent: the whole table. */
  readonly column?: string
  /** Canonical names of tables that go with it, so that what they have on it is in nobody's way. */
  readonly besides?: readonly string[]
}

/** A new name takes nothing away from what the catalog ties to the column: only texts still say the old one. */
export function nothingNames({ table, relation, column }: Gone): Gate {
  const name = column ?? relation.name
  return dependsGate({ table, relation, ...(column !== undefined && { column }) }, functionsNaming(relation, name))
}

/** All that the server would refuse a DROP for, or take with it, or that fails afterwards. Indexes and constraints of the table itself go with it. */
export function nothingDepends(gone: Gone): Gate {
  const { table, relation, column, besides = [] } = gone
  const ours = [table, ...besides].map((key) => `${literal(key)}::pg_catalog.regclass`).join(', ')
  const self = `${literal(table)}::pg_catalog.regclass`
  const part =
    column === undefined
      ? ''
      : ` AND d.refobjsubid = (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${self} AND a.attname = ${literal(column)})`
  const tied = `SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS what
FROM pg_catalog.pg_depend d
WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ${self}${part} AND d.deptype IN ('n', 'a')
  AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = ${self})
  AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = d.objid AND c.relkind IN ('i', 'I', 'S')))
  AND NOT (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE f.oid = d.objid AND f.adrelid = ${self} AND ${column === undefined ? 'true' : `a.attname = ${literal(column)}`}))
  AND NOT (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid AND k.conrelid IN (${ours})))
  AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = ${self} AND (t.tgisinternal${column === undefined ? ' OR true' : " OR t.tgname LIKE '~lk%'"})))`
  // A rule of the relation itself (that of a view is one) goes with it.
  const ownRule = `\n  AND NOT (d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.oid = d.objid AND r.ev_class = ${self}))`
  return dependsGate(
    gone,
    `${tied}${column === undefined ? ownRule : ''}\nUNION ALL\n${functionsNaming(relation, column ?? relation.name)}`,
  )
}

function dependsGate({ table, column }: Gone, sql: string): Gate {
  const what = column === undefined ? table : `column ${quoted(column)} of ${table}`
  return {
    kind: 'nothing-depends',
    relation: table,
    title: `nothing needs ${what}`,
    sql,
    failure: `something still needs ${what}`,
    hint: 'Change or drop what is named, then run it again.',
  }
}
