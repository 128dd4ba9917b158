import type { Constraint, Relation } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { foreignKeysTo, type ForeignKey } from '../facts/relations.ts'
import { postgresDialect } from '../quote.ts'
import { edited, type Edit } from '../rewrites/_expression.ts'
import { sourceOf, wordAt, type Source } from '../source.ts'
import { listEdits, referenceEdits } from './_copies.ts'
import type { TypeChanging } from './_type-change.ts'

const { name: quoted } = postgresDialect

/** A constraint once more, on the second column, under a name of ours until the swap. */
export interface ConstraintCopy {
  /** Canonical name of the table that it belongs to. */
  readonly table: string
  readonly relation: Relation
  readonly constraint: Constraint
  readonly name: string
  /** ALTER TABLE ... ADD CONSTRAINT, checked where the first one is. */
  readonly sql: string
  /** A foreign key of any table to the column; none of them falls with it. */
  readonly inbound: boolean
}

/** CHECKs and foreign keys of the column, and the foreign keys to it. Keys and NOT NULL are made otherwise. */
export function constraintCopies(change: TypeChanging): readonly ConstraintCopy[] {
  const { table, relation, column, judged } = change
  const own = relation.constraints.filter(
    ({ kind, columns }) => (kind === 'check' || kind === 'foreign-key') && columns.includes(column.name),
  )
  const to = foreignKeysTo(table, judged.before).filter(({ foreignKey }) => foreignKey.referencedColumns.includes(column.name))
  const all = [
    ...own.map((constraint) => ({ table, relation, constraint, inbound: false })),
    ...to.flatMap(({ from, foreignKey: constraint }) => {
      const child = judged.before.relations.get(from)
      return child === undefined ? [] : [{ table: from, relation: child, constraint, inbound: true }]
    }),
  ]
  return all.map((each, at) => {
    const name = makeObjectName(`_lk_${each.constraint.name}`, undefined, `new${at + 1}`)
    const head = `ALTER TABLE ${each.table} ADD CONSTRAINT ${quoted(name)}`
    return { ...each, name, sql: renamedConstraint(`${head} ${each.constraint.definition}`, { ...each, change }) }
  })
}

export interface Renamed {
  readonly table: string
  readonly constraint: Constraint
  readonly change: TypeChanging
}

/** ALTER TABLE ... ADD CONSTRAINT with the second column in the place of the first. */
export function renamedConstraint(sql: string, { table, constraint, change }: Renamed): string {
  const source = sourceOf({ sql })
  const renaming = { from: change.column.name, to: change.shadow }
  const edits =
    constraint.kind === 'foreign-key'
      ? keyEdits(source, { table, constraint, change }, constraint)
      : constraint.kind === 'check'
        ? referenceEdits(source, renaming)
        : listEdits(
            source,
            source.tokens.findIndex(({ text }) => text === '('),
            renaming,
          )
  return edited(sql, [0, Buffer.byteLength(sql, 'utf8')], edits)
}

/** FOREIGN KEY (a, b) REFERENCES p (x, y) ... ON DELETE SET NULL (a): the first and last list name columns of the table, the second of the other. */
function keyEdits(source: Source, { table, change }: Renamed, key: ForeignKey): readonly Edit[] {
  const renaming = { from: change.column.name, to: change.shadow }
  const references = wordAt(source, 'references') ?? source.tokens.length
  const opening = source.tokens.flatMap(({ text }, at) => (text === '(' ? [at] : []))
  const isOther = (at: number) => at > references && at <= references + 4
  return opening.flatMap((at) => {
    const isRenamed = isOther(at)
      ? key.references === change.table && key.referencedColumns.includes(renaming.from)
      : table === change.table && key.columns.includes(renaming.from)
    return isRenamed ? listEdits(source, at, renaming) : []
  })
}
