import type { HazardRule } from '../../model/hazard.ts'
import { constraintsOf, isSerial } from '../facts/add-column.ts'
import { findType } from '../names.ts'
import { textsOf, type AlterTableType, type PgNode } from '../node.ts'
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
        ...cureOf(input),
        breaksOldApp: false,
      },
    ]
  },
}

function cureOf(input: Input): { readonly rewrite?: string } {
  if (actionsOf(input, 'AT_AlterColumnType').length > 0) return { rewrite: 'change-column-type' }
  return isNumbered(input) ? { rewrite: 'add-column-with-sequence' } : {}
}

/** A new serial or identity column. */
function isNumbered(input: Input): boolean {
  return actionsOf(input, 'AT_AddColumn').some((found) => {
    const column = columnIn(found)
    return column !== undefined && (isSerial(column) || constraintsOf(column).some(({ contype }) => contype === 'CONSTR_IDENTITY'))
  })
}

function fixFor(input: Input): string {
  if (actionsOf(input, 'AT_AlterColumnType').length > 0)
    return 'Add a column of the new type, keep it in step with a trigger, fill it in batches, move the application over to it, then drop the old one.'
  if (isNumbered(input))
    return 'Add the column without a default, give it a sequence for new rows, fill the old ones in batches, then set NOT NULL and, for identity, ADD GENERATED.'
  if (isStored(input)) return storedFix(input)
  if (isOfDomain(input))
    return 'Give the column the type under the domain, and a CHECK NOT VALID that says what the domain says, to be validated afterwards.'
  if (actionsOf(input, 'AT_AddColumn').length > 0)
    return 'Add a plain nullable column, give it its default, fill it in batches, then add the constraints.'
  return fixOf(input.statement.node, input) ?? 'Do it in a maintenance window, or copy the table in the background (pg_repack).'
}

function isOfDomain(input: Input): boolean {
  return actionsOf(input, 'AT_AddColumn').some(
    (found) => findType(textsOf(columnIn(found)?.typeName?.names), input.before)?.type.kind === 'domain',
  )
}

function isStored(input: Input): boolean {
  return actionsOf(input, 'AT_AddColumn').some((found) => {
    const column = columnIn(found)
    return column !== undefined && constraintsOf(column).some(({ contype }) => contype === 'CONSTR_GENERATED')
  })
}

// A column cannot become GENERATED afterwards, so nothing but a rewrite ends in this schema.
function storedFix({ before: { server } }: Input): string {
  const plain =
    'add a plain column, let a trigger BEFORE INSERT OR UPDATE compute it, and fill the old rows with UPDATE in batches: it reads the same, and nobody waits.'
  return server.version >= 18
    ? `Make it VIRTUAL instead of STORED: that is added in an instant and computed when it is read. If it must be stored, ${plain}`
    : `No small steps lead to a STORED column. Instead, ${plain}`
}

function fixOf(node: PgNode, input: Input): string | undefined {
  if ('ClusterStmt' in node)
    return 'Order the rows with pg_repack --order-by, which copies the table in the background; REPACK (CONCURRENTLY) from 19 on; or run CLUSTER in a maintenance window.'
  if ('VacuumStmt' in node)
    return 'A plain VACUUM makes the space free for new rows with nobody waiting; to give it back to the disk use pg_repack, REPACK (CONCURRENTLY) from 19 on, or run VACUUM FULL in a maintenance window.'
  return cures.find(([subtype]) => actionsOf(input, subtype).length > 0)?.[1]
}

const cures: readonly (readonly [AlterTableType, string])[] = [
  [
    'AT_SetTableSpace',
    'Move the table with pg_repack --tablespace, which copies it in the background; its indexes can go with REINDEX (TABLESPACE ...) CONCURRENTLY from 14 on.',
  ],
  [
    'AT_SetAccessMethod',
    'Make a new table with that access method, fill it in batches beside a trigger that keeps it in step, and swap the two names; or do it in a maintenance window.',
  ],
  [
    'AT_SetExpression',
    'Add a plain column that a trigger BEFORE INSERT OR UPDATE computes by the new expression, fill it in batches, and move the application over to it.',
  ],
  [
    'AT_SetLogged',
    'Writing it all to the WAL cannot be done in small steps: do it in a maintenance window, or fill a new logged table in batches and swap the two names.',
  ],
  [
    'AT_SetUnLogged',
    'Leave the table logged: a crash empties an unlogged one. For rows that may be lost, make a new unlogged table and let the application write there.',
  ],
]
