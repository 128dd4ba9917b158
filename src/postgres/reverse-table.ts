import type { Column, Constraint, Index, Relation } from '../model/catalog.ts'
import type { Reversal } from '../model/way-back.ts'
import { postgresDialect } from './quote.ts'

const { name: quoted } = postgresDialect

/** What makes a table what it was: what was added goes first, then columns are what they were, then comes back what is gone. */
export function reverseTable(key: string, former: Relation, now: Relation): Reversal {
  if (former.kind !== 'table' && former.kind !== 'partitioned') return changedOther(key, former)
  const added = without(now.columns, former.columns)
  const gone = without(former.columns, now.columns)
  const alter = `ALTER TABLE ${key}`
  return {
    sql: [
      ...without(now.triggers.map(named), former.triggers.map(named)).map(({ name }) => `DROP TRIGGER ${quoted(name)} ON ${key}`),
      ...plainIndexes(now, former, added).map(({ name }) => `DROP INDEX ${quoted(now.schema, name)}`),
      ...constraintsOf(now, former, added).map(({ name }) => `${alter} DROP CONSTRAINT ${quoted(name)}`),
      ...added.map(({ name }) => `${alter} DROP COLUMN ${quoted(name)}`),
      ...kept(former, now).flatMap(([was, is]) => columnChanges(alter, was, is)),
      ...gone.map((column) => `${alter} ADD COLUMN ${columnText(column, { nullable: true })}`),
      ...constraintsOf(former, now, []).map((constraint) => `${alter} ADD ${constraintText(constraint)}`),
      ...plainIndexes(former, now, []).map(({ definition }) => definition),
    ],
    lost: [...added, ...gone].map(({ name }) => `what ${key}.${quoted(name)} holds`).concat(narrowed(key, former, now)),
    byHand: [
      ...gone
        .filter((column) => !column.nullable)
        .map(({ name }) => `fill ${key}.${quoted(name)}, then ${alter} ALTER COLUMN ${quoted(name)} SET NOT NULL`),
      ...without(former.triggers.map(named), now.triggers.map(named)).map(
        ({ name }) => `the trigger ${quoted(name)} of ${key} was dropped`,
      ),
    ],
  }
}

function changedOther(key: string, { kind }: Relation): Reversal {
  return { sql: [], lost: [], byHand: [`the ${kind} ${key} was changed, and its former definition is not known here`] }
}

/** A whole table with its indexes and what it says of itself; its foreign keys come once all tables are there. */
export function tableText(key: string, relation: Relation): readonly string[] {
  const lines = [
    ...relation.columns.map((column) => columnText(column, column)),
    ...ownConstraints(relation)
      .filter(({ kind }) => kind !== 'foreign-key')
      .map(constraintText),
  ]
  const indexes = relation.indexes.filter(({ constraint }) => constraint === undefined)
  return [`CREATE TABLE ${key} (\n  ${lines.join(',\n  ')}\n)`, ...indexes.map(({ definition }) => definition)]
}

export function foreignKeysText(key: string, { constraints }: Relation): readonly string[] {
  return constraints
    .filter(({ kind }) => kind === 'foreign-key')
    .map((constraint) => `ALTER TABLE ${key} ADD ${constraintText(constraint)}`)
}

function named(name: string): { readonly name: string } {
  return { name }
}

function without<Item extends { readonly name: string }>(
  items: readonly Item[],
  others: readonly { readonly name: string }[],
): readonly Item[] {
  return items.filter(({ name }) => !others.some((other) => other.name === name))
}

function kept(former: Relation, now: Relation): readonly (readonly [Column, Column])[] {
  return former.columns.flatMap((was) => {
    const is = now.columns.find(({ name }) => name === was.name)
    return is === undefined ? [] : [[was, is] as const]
  })
}

/** A column of a serial has a sequence of its own, which is not brought back. */
function columnText(
  { name, type, collation, default: value, generated, identity }: Column,
  { nullable }: Pick<Column, 'nullable'>,
): string {
  const parts = [
    quoted(name),
    type,
    ...(collation === undefined ? [] : [`COLLATE ${collation}`]),
    ...(generated === undefined ? [] : [`GENERATED ALWAYS AS (${value ?? ''}) ${generated.toUpperCase()}`]),
    ...(identity === undefined ? [] : [`GENERATED ${identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`]),
    ...(value === undefined || generated !== undefined ? [] : [`DEFAULT ${value}`]),
    ...(nullable || identity !== undefined ? [] : ['NOT NULL']),
  ]
  return parts.join(' ')
}

function columnChanges(alter: string, was: Column, is: Column): readonly string[] {
  const column = `${alter} ALTER COLUMN ${quoted(was.name)}`
  const changes = [
    ...(was.type === is.type && was.collation === is.collation
      ? []
      : [`TYPE ${was.type}${was.collation === undefined ? '' : ` COLLATE ${was.collation}`} USING ${quoted(was.name)}::${was.type}`]),
    ...(was.default === is.default || was.generated !== undefined
      ? []
      : [was.default === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${was.default}`]),
    ...(was.nullable === is.nullable ? [] : [was.nullable ? 'DROP NOT NULL' : 'SET NOT NULL']),
    ...(was.identity === is.identity
      ? []
      : [
          was.identity === undefined ? 'DROP IDENTITY' : `ADD GENERATED ${was.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`,
        ]),
  ]
  return changes.map((change) => `${column} ${change}`)
}

function narrowed(key: string, former: Relation, now: Relation): readonly string[] {
  return kept(former, now).flatMap(([was, is]) =>
    was.type === is.type ? [] : [`what of ${key}.${quoted(was.name)} does not fit ${was.type}`],
  )
}

/** NOT NULL is said with the column. */
function ownConstraints({ constraints }: Relation): readonly Constraint[] {
  return constraints.filter(({ kind }) => kind !== 'not-null')
}

/** Those that only one of the two has; what hangs on a column that goes goes with it. */
function constraintsOf(one: Relation, other: Relation, going: readonly Column[]): readonly Constraint[] {
  const own = without(ownConstraints(one), other.constraints)
  return own.filter(({ columns }) => !columns.some((column) => going.some(({ name }) => name === column)))
}

function plainIndexes(one: Relation, other: Relation, going: readonly Column[]): readonly Index[] {
  const own = without(
    one.indexes.filter(({ constraint }) => constraint === undefined),
    other.indexes,
  )
  return own.filter(({ mentions }) => !mentions.some((column) => going.some(({ name }) => name === column)))
}

function constraintText({ name, definition }: Constraint): string {
  return `CONSTRAINT ${quoted(name)} ${definition}`
}
