import type { Column, Relation } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { simulate } from '../simulate.ts'
import { creationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { definitionsIn } from './_definitions.ts'
import type { Input } from './_input.ts'

/** The numbers of a new table's key run out. */
export const smallPrimaryKey: HazardRule<PgNode> = {
  id: 'small-primary-key',
  group: 'operations',
  title: "The numbers of a new table's key run out",
  why: 'An integer key ends at 2,147,483,647 and a smallint at 32,767. From then on each INSERT fails, and to change the type of the key then means to write the table anew, with every foreign key to it.',
  source: 'https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT',
  examples: {
    hazardous: ['create table n (id serial primary key)', 'create table n (id int generated always as identity, primary key (id))'],
    safe: [
      'create table n (id bigint generated always as identity primary key)',
      'create table n (id uuid primary key)',
      'create table n (a int, b int, primary key (a, b))',
      'create table n (country smallint primary key)',
    ],
  },
  detect(input) {
    const made = newTable(input)
    const column = made === undefined ? undefined : countedKey(made.relation)
    const last = lasts[column?.type ?? '']
    if (made === undefined || column === undefined || last === undefined) return []
    return [
      {
        rule: 'small-primary-key',
        severity: 'info',
        message: `the key ${column.name} of ${made.key} is ${column.type}: after ${last} rows, deleted ones and failed inserts counted too, each INSERT fails`,
        fix: 'Make it bigint: it costs four bytes a row now, and to change it later means to write the table anew.',
        relation: made.key,
        breaksOldApp: false,
      },
    ]
  },
}

function newTable(input: Input): { readonly key: string; readonly relation: Relation } | undefined {
  const { statement, before } = input
  if (!('CreateStmt' in statement.node) || statement.node.CreateStmt.partbound !== undefined) return undefined
  if (!definitionsIn(input).some(({ type }) => small.has(type))) return undefined
  const key = creationKey(statement.node.CreateStmt.relation ?? {}, before)
  const relation = before.relations.has(key) ? undefined : simulate(statement, before).relations.get(key)
  return relation === undefined ? undefined : { key, relation }
}

const small: ReadonlySet<string> = new Set(['int2', 'int4', 'serial', 'serial2', 'serial4', 'smallserial'])

// A key without a sequence is given by the application: it may be a short list.
function countedKey({ constraints, columns }: Relation): Column | undefined {
  const names = constraints.find(({ kind }) => kind === 'primary-key')?.columns ?? []
  const column = names.length === 1 ? columns.find(({ name }) => name === names[0]) : undefined
  return column?.identity !== undefined || column?.default !== undefined ? column : undefined
}

const lasts: { readonly [type: string]: string } = { smallint: '32,767', integer: '2,147,483,647' }
