import type { Catalog, Column, Index, Relation } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { removeRelation } from '../catalog-names.ts'
import { creationKey, relationKey } from '../names.ts'
import type { AlterTableStmt, CreateStmt, IndexStmt, PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import { typeText } from '../type-text.ts'
import type { Topic } from '../topics.ts'
import { listed, type Input } from './_input.ts'

/** IF NOT EXISTS leaves something else in place. */
export const ifNotExistsDiffers: HazardRule<PgNode, Topic> = {
  id: 'if-not-exists-differs',
  group: 'operations',
  title: 'IF NOT EXISTS leaves something else in place',
  why: 'The server looks at the name alone: where a table, column or index of that name is there, with other columns or another type, it does nothing and reports success. What was asked for is missing from then on.',
  source: 'https://www.postgresql.org/docs/current/sql-createtable.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table if not exists t (id bigint primary key, a int, b text, c varchar(10), d int)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table if not exists t (id bigint primary key, a text, b text, c varchar(10))',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists a bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index i on t (a); create index if not exists i on t (b)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index i on t (a); create unique index concurrently if not exists i on t (a)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table if not exists t (id bigint primary key, a int, b text, c varchar(10))',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table if not exists n (id int)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists a int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index i on t (a); create index if not exists i on t (a)',
    ],
  },
  on: ['CreateStmt', 'IndexStmt', 'AT_AddColumn'],
  detect(input) {
    const differs = differenceIn(input)
    if (differs === undefined) return []
    return [
      {
        rule: 'if-not-exists-differs',
        severity: 'warning',
        message: `${differs.what} is there already, but not as this statement says: ${differs.how}. IF NOT EXISTS leaves it as it is`,
        fix: 'Change what is there, or give the new one a name of its own.',
        relation: differs.relation,
        breaksOldApp: false,
      },
    ]
  },
}

interface Difference {
  readonly relation: string
  readonly what: string
  readonly how: string
}

function differenceIn(input: Input): Difference | undefined {
  const { node } = input.statement
  if ('CreateStmt' in node && node.CreateStmt.if_not_exists === true) return ofTable(node.CreateStmt, input)
  if ('IndexStmt' in node && node.IndexStmt.if_not_exists === true) return ofIndex(node.IndexStmt, input)
  return 'AlterTableStmt' in node ? ofColumn(node.AlterTableStmt, input.before) : undefined
}

function ofTable({ relation: range = {} }: CreateStmt, { statement, before }: Input): Difference | undefined {
  const relation = creationKey(range, before)
  const old = before.relations.get(relation)
  const wanted = old === undefined ? undefined : simulate(statement, removeRelation(before, relation)).relations.get(relation)
  const how = old === undefined || wanted === undefined ? [] : columnsThatDiffer(old, wanted)
  return how.length === 0 ? undefined : { relation, what: relation, how: listed(how.slice(0, 3)) }
}

function columnsThatDiffer(old: Relation, wanted: Relation): readonly string[] {
  const other = (column: Column) => old.columns.find(({ name }) => name === column.name)
  const missing = wanted.columns.filter((column) => other(column) === undefined).map(({ name }) => `it has no column ${name}`)
  const changed = wanted.columns.flatMap((column) => {
    const type = other(column)?.type ?? column.type
    return type === column.type ? [] : [`${column.name} is ${type}, not ${column.type}`]
  })
  return [...missing, ...changed]
}

function ofIndex({ relation: range = {}, idxname = '' }: IndexStmt, { statement, before }: Input): Difference | undefined {
  const relation = relationKey(range, before)
  const table = before.relations.get(relation)
  const old = table?.indexes.find(({ name }) => name === idxname)
  if (table === undefined || old === undefined) return undefined
  const free = { ...before, relations: new Map([[relation, { ...table, indexes: table.indexes.filter((index) => index !== old) }]]) }
  const wanted = simulate(statement, free)
    .relations.get(relation)
    ?.indexes.find(({ name }) => name === idxname)
  if (wanted === undefined || isSame(old, wanted)) return undefined
  return { relation, what: `index ${idxname} on ${relation}`, how: old.definition.slice(old.definition.indexOf(' USING ') + 1) }
}

// Expressions keep the words of the user in one and get those of the server in the other: of them only that they are there.
function isSame(one: Index, other: Index): boolean {
  const plain = !one.partial && !one.columns.includes(undefined)
  const parts = ({ unique, method, columns, partial }: Index) => JSON.stringify([unique, method, columns, partial])
  return parts(one) === parts(other) && (!plain || one.definition === other.definition)
}

function ofColumn({ relation: range = {}, cmds = [] }: AlterTableStmt, before: Catalog): Difference | undefined {
  const relation = relationKey(range, before)
  const added = cmds.flatMap((each) =>
    'AlterTableCmd' in each && each.AlterTableCmd.subtype === 'AT_AddColumn' && each.AlterTableCmd.missing_ok === true
      ? (each.AlterTableCmd.def ?? [])
      : [],
  )
  for (const node of added) {
    if (!('ColumnDef' in node) || node.ColumnDef.typeName === undefined) continue
    const { colname = '', typeName } = node.ColumnDef
    const old = before.relations.get(relation)?.columns.find(({ name }) => name === colname)
    if (old !== undefined && old.type !== typeText(typeName, before))
      return { relation, what: `column ${colname} of ${relation}`, how: `it is ${old.type}` }
  }
  return undefined
}
