import type { HazardRule } from '../../model/hazard.ts'
import { constraintsOf, defaultOf, isSerial } from '../facts/add-column.ts'
import { textsOf, type ColumnDef, type ConstrType, type PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn, type Definition } from './_definitions.ts'
import type { Input } from './_input.ts'

/** The numbers of a new table's key run out. */
export const smallPrimaryKey: HazardRule<PgNode, Topic> = {
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
  on: ['CreateStmt'],
  detect(input) {
    return countedKeys(input).map(({ key, column, type }) => ({
      rule: 'small-primary-key',
      severity: 'info',
      message: `the key ${column.colname ?? ''} of ${key} is ${type}: after ${lasts[type] ?? ''} rows, deleted ones and failed inserts counted too, each INSERT fails`,
      fix: 'Make it bigint: it costs four bytes a row now, and to change it later means to write the table anew.',
      relation: key,
      breaksOldApp: false,
    }))
  },
}

function countedKeys(input: Input): readonly Definition[] {
  const { node } = input.statement
  if (!('CreateStmt' in node) || node.CreateStmt.partbound !== undefined) return []
  const listed = (node.CreateStmt.tableElts ?? []).flatMap((each) =>
    'Constraint' in each && each.Constraint.contype === 'CONSTR_PRIMARY' ? textsOf(each.Constraint.keys) : [],
  )
  const only = listed.length === 1 ? listed[0] : undefined
  return definitionsIn(input).filter(
    ({ key, column, type }) =>
      type in lasts && isCounted(column) && (column.colname === only || has(column, 'CONSTR_PRIMARY')) && !input.before.relations.has(key),
  )
}

// A key without a sequence is given by the application: it may be a short list.
function isCounted(column: ColumnDef): boolean {
  return isSerial(column) || has(column, 'CONSTR_IDENTITY') || defaultOf(column) !== undefined
}

function has(column: ColumnDef, kind: ConstrType): boolean {
  return constraintsOf(column).some(({ contype }) => contype === kind)
}

/** The greatest number of each type, by the name that the parser gives it. */
const lasts: { readonly [type: string]: string } = {
  int2: '32,767',
  int4: '2,147,483,647',
  smallserial: '32,767',
  serial2: '32,767',
  serial: '2,147,483,647',
  serial4: '2,147,483,647',
}
