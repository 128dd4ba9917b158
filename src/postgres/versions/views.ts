import type { Catalog } from '../../model/catalog.ts'
import { createView } from '../operations/_views.ts'
import { dollarQuoted } from '../operations/_swap.ts'
import { allTraits } from '../operations/_type-change.ts'
import { postgresDialect } from '../quote.ts'
import type { Shown, ShownColumn } from './fold.ts'

const { name: quoted, literal } = postgresDialect

/** Schema, views and rights of a version: nothing in it waits for anyone, and nobody waits for it. */
export function versionSql(tables: readonly Shown[], schema: string, catalog: Catalog): readonly string[] {
  const base = tables[0]?.relation.schema ?? ''
  return [
    `CREATE SCHEMA ${quoted(schema)}`,
    ...tables.flatMap((table) => viewSql(table, schema, catalog)),
    rightsSql(base, schema, tables),
    ...tables.flatMap((table) => columnRights(table, schema, catalog)),
  ]
}

/** A column whose default is another one for the new version has it in the view, where an INSERT that leaves it out finds it first. */
function viewSql({ table, name, columns }: Shown, schema: string, catalog: Catalog): readonly string[] {
  const view = quoted(schema, name)
  const list = columns.map(({ from, as }) => (from === as.name ? quoted(from) : `${quoted(from)} AS ${quoted(as.name)}`))
  const defaults = columns.filter(({ otherDefault }) => otherDefault)
  return [
    createView({ view, columns: list, table }, catalog),
    ...defaults.map(({ as }) => `ALTER VIEW ${view} ALTER COLUMN ${quoted(as.name)} SET DEFAULT ${defaultOf(as)}`),
  ]
}

/** A view with the default NULL has none, and that of its table would count: an expression that comes to NULL is one. */
function defaultOf({ default: value, type }: ShownColumn['as']): string {
  return value ?? `CASE WHEN false THEN NULL::${type} END`
}

/**
 * Whoever may use a table in its schema may use its view in the new one. Asked of the server at that time: what the run has made may have got
 * its rights by ALTER DEFAULT PRIVILEGES.
 */
function rightsSql(base: string, schema: string, tables: readonly Shown[]): string {
  const pairs = tables.map(({ table, name }) => `(${literal(quoted(schema, name))}, ${literal(table)})`)
  return dollarQuoted(`DECLARE
  _lk_right text;
BEGIN
  FOR _lk_right IN
    SELECT pg_catalog.format('GRANT USAGE ON SCHEMA %s TO %s%s', ${literal(quoted(schema))}, ${grantee}, ${option})
    FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) x
    WHERE n.nspname = ${literal(base)} AND x.privilege_type = 'USAGE' AND x.grantee <> ${ourselves}
    UNION ALL
    SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', x.privilege_type, v.shown, ${grantee}, ${option})
    FROM (VALUES ${pairs.join(', ')}) AS v (shown, base)
      JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(v.base),
      pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) x
    WHERE x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') AND x.grantee <> ${ourselves}
  LOOP
    EXECUTE _lk_right;
  END LOOP;
END`)
}

const grantee = `CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END`
const option = `CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END`
const ourselves = '(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)'

/** Rights on single columns. */
function columnRights({ relation, name, columns }: Shown, schema: string, catalog: Catalog): readonly string[] {
  const view = quoted(schema, name)
  const rights = allTraits(catalog, relation).filter(({ of, what }) => of === 'column' && what === 'grant')
  return columns.flatMap(({ from, as }) =>
    rights
      .filter((right) => right.name === from)
      .map(({ text }) => `GRANT ${text.replace(' TO ', ` (${quoted(as.name)}) ON ${view} TO `)}`),
  )
}
