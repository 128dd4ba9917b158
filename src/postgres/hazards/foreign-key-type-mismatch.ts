import type { HazardRule } from '../../model/hazard.ts'
import { shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { addedForeignKeys, type AddedForeignKey } from './_foreign-keys.ts'

/** A foreign key joins columns of different types. */
export const foreignKeyTypeMismatch: HazardRule<PgNode, Topic> = {
  id: 'foreign-key-type-mismatch',
  group: 'operations',
  title: 'A foreign key joins columns of different types',
  why: 'The server compares the two types where an operator for them exists. An int that refers to a bigint fails at 2,147,483,647, long before the key that it refers to; with other pairs every check and join converts values, and may not be able to use an index.',
  source: 'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK',
  examples: {
    hazardous: [
      'create table p (id bigint primary key); create table t (id int, p_id int); alter table t add constraint f foreign key (p_id) references p not valid',
      'create table p (code varchar(10) primary key); begin; create table t (id int, p_code text references p)',
    ],
    safe: [
      'create table p (id bigint primary key); create table t (id int, p_id bigint); alter table t add constraint f foreign key (p_id) references p not valid',
      'create table p (code varchar(10) primary key); begin; create table t (id int, p_code varchar(20) references p)',
    ],
  },
  on: ['CreateStmt', 'AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    return addedForeignKeys(input).flatMap((each) => {
      const [pair] = unlike(each)
      if (pair === undefined) return []
      return [
        {
          rule: 'foreign-key-type-mismatch',
          severity: 'warning' as const,
          message: `${each.key}.${pair.column} is ${pair.type}, and what it refers to in ${each.foreignKey.references} is ${pair.referred}`,
          fix: `Give the column the type ${pair.referred}, before it holds rows.`,
          relation: each.key,
          breaksOldApp: false,
        },
      ]
    })
  },
}

interface Pair {
  readonly column: string
  readonly type: string
  readonly referred: string
}

function unlike({ key, foreignKey: { columns, references, referencedColumns }, after }: AddedForeignKey): readonly Pair[] {
  const typeIn = (table: string, name: string | undefined) =>
    after.relations.get(table)?.columns.find((column) => column.name === name)?.type
  return columns.flatMap((column, at) => {
    const [type, referred] = [typeIn(key, column), typeIn(references, referencedColumns[at])]
    if (type === undefined || referred === undefined || shapeOfText(type).base === shapeOfText(referred).base) return []
    return [{ column, type, referred }]
  })
}
