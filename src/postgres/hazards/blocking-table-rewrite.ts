import type { Catalog } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { findType } from '../names.ts'
import { textsOf, type AlterTableType, type ColumnDef, type PgNode } from '../node.ts'
import { isVolatileDefault } from './_volatile-default.ts'
import { actionsOf, columnIn, condition, listed, oldOnes, sizeOf, type Input } from './_input.ts'

/** The table is written anew while nobody can use it. */
export const blockingTableRewrite: HazardRule<PgNode> = {
  id: 'blocking-table-rewrite',
  group: 'rewrite',
  title: 'The table is written anew while nobody can use it',
  why: 'Some changes write every row and every index again under ACCESS EXCLUSIVE: most changes of type, serial, identity and stored generated columns, columns of a domain with constraints, SET LOGGED, SET TABLESPACE, CLUSTER and VACUUM FULL. It needs as much disk again.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured on 13 to 18: 5.2 s for 2 million rows of 104 bytes',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column n bigserial',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column g int generated always as (a + 1) stored',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column i int generated always as identity',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); cluster t using t_pkey',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); vacuum full t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set unlogged',
      'create domain positive as int check (value > 0); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column p positive',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type varchar(20)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type text',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column n int default 5',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); vacuum t',
    ],
  },
  detect(input) {
    const { statement, facts, before } = input
    const tables = oldOnes(facts.rewrites, before)
    if (tables.length === 0 || statement.kind === 'RefreshMatViewStmt' || isVolatileDefault(input)) return []
    return [
      {
        rule: 'blocking-table-rewrite',
        severity: 'error',
        message: `${listed(tables.map((key) => `${key}${sizeOf(key, before)}`))}: every row and index is written anew, and all reads and writes wait until that is done${condition(facts)}`,
        fix: fixFor(input),
        ...(tables[0] !== undefined && { relation: tables[0] }),
        breaksOldApp: false,
      },
    ]
  },
}

function fixFor(input: Input): string {
  const { node } = input.statement
  if ('VacuumStmt' in node)
    return 'VACUUM without FULL keeps the table from growing. To give the space back while it is used: pg_repack, or REPACK (CONCURRENTLY) from 19 on.'
  if ('ClusterStmt' in node) return 'Order the table while it is used: pg_repack --order-by, or REPACK (CONCURRENTLY) from 19 on.'
  const [added] = actionsOf(input, 'AT_AddColumn')
  if (added !== undefined) return fixForColumn(columnIn(added) ?? {}, input.before)
  return fixes.find(([subtype]) => actionsOf(input, subtype).length > 0)?.[1] ?? elsewhere
}

function fixForColumn(column: ColumnDef, catalog: Catalog): string {
  if (constraintsOf(column).some(({ contype }) => contype === 'CONSTR_GENERATED'))
    return `${catalog.server.version >= 18 ? 'Make it VIRTUAL, which writes nothing; or add' : 'Add'} a plain column, let a trigger compute it, and fill the old rows in batches.`
  if (findType(textsOf(column.typeName?.names), catalog)?.type.kind === 'domain')
    return 'Give the column the type under the domain, and a CHECK NOT VALID that says what the domain says, to be validated afterwards.'
  return 'Add a plain nullable column, give it its default or sequence, fill it in batches, then add the constraints.'
}

const elsewhere = 'Do it in a maintenance window, or fill a second table in the background and let it take the place of this one.'

const fixes: readonly (readonly [AlterTableType, string])[] = [
  ['AT_AlterColumnType', 'Add a column of the new type, keep it in step with a trigger, fill it in batches, then swap the two.'],
  [
    'AT_SetExpression',
    'Add a second column with the new expression (as a plain one with a trigger), fill it in batches, then swap the two.',
  ],
  ['AT_SetTableSpace', 'Move it while it is used: pg_repack --tablespace, its indexes with REINDEX (TABLESPACE ...) CONCURRENTLY.'],
]
