import type { Catalog, Constraint as Made, Relation } from '../../model/catalog.ts'
import { columnsIn } from '../tree.ts'
import { relationKey } from '../names.ts'
import { textsOf } from '../node.ts'
import { chooseCheckName, chooseForeignKeyName } from '../object-names.ts'
import { expressionText } from '../source.ts'
import { checkText, foreignKeyText, isValid } from './definitions.ts'
import { each, eachBelow, putConstraint } from './edit.ts'
import { addKey } from './keys.ts'
import { addNotNull } from './not-null.ts'
import { keyColumns, type Wanted } from './wanted.ts'

/** All constraints of one statement, in the order in which the server makes and so names them. */
export function addConstraints(catalog: Catalog, key: string, wanted: readonly Wanted[]): Catalog {
  const ordered = withoutTwins(wanted).toSorted((one, other) => rank(one) - rank(other))
  return each(catalog, ordered, (changed, one) => addConstraint(changed, key, one))
}

function rank({ node }: Wanted): number {
  return ['CONSTR_NOTNULL', 'CONSTR_CHECK', 'CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION', 'CONSTR_FOREIGN'].indexOf(
    node.contype ?? '',
  )
}

// transformIndexConstraints: a second key on the same columns in one statement is dropped, and leaves its name to the first.
function withoutTwins(wanted: readonly Wanted[]): readonly Wanted[] {
  const kept: Wanted[] = []
  for (const one of wanted.toSorted((a, b) => rank(a) - rank(b))) {
    const at = kept.findIndex((other) => areTwins(one, other))
    const twin = kept[at]
    if (twin === undefined) kept.push(one)
    else if (twin.node.conname === undefined && one.node.conname !== undefined)
      kept[at] = { ...twin, node: { ...twin.node, conname: one.node.conname } }
  }
  return kept
}

function areTwins(one: Wanted, other: Wanted): boolean {
  const isKey = ({ node }: Wanted) => node.contype === 'CONSTR_PRIMARY' || node.contype === 'CONSTR_UNIQUE'
  const shape = ({ node, column }: Wanted) =>
    JSON.stringify([
      keyColumns(node, column),
      textsOf(node.including),
      node.deferrable ?? false,
      node.initdeferred ?? false,
      node.nulls_not_distinct ?? false,
    ])
  return isKey(one) && isKey(other) && one.node.indexname === undefined && other.node.indexname === undefined && shape(one) === shape(other)
}

// DEFAULT, IDENTITY and GENERATED belong to the column itself.
function addConstraint(catalog: Catalog, key: string, wanted: Wanted): Catalog {
  const { node, column } = wanted
  if (node.contype === 'CONSTR_CHECK') return addCheck(catalog, key, wanted)
  if (node.contype === 'CONSTR_FOREIGN') return addForeignKey(catalog, key, wanted)
  if (node.contype === 'CONSTR_PRIMARY' || node.contype === 'CONSTR_UNIQUE' || node.contype === 'CONSTR_EXCLUSION')
    return addKey(catalog, key, wanted)
  if (node.contype !== 'CONSTR_NOTNULL') return catalog
  return each(catalog, keyColumns(node, column), (changed, one) => addNotNull(changed, key, { ...wanted, column: one }))
}

function addCheck(catalog: Catalog, key: string, { node, source, only }: Wanted): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const own = new Set(relation.columns.map((column) => column.name))
  const columns = [...new Set(columnsIn(node.raw_expr))].filter((column) => own.has(column))
  const text = expressionText(source, node.raw_expr) ?? ''
  const name = node.conname ?? chooseCheckName({ catalog, relation }, columns)
  const check: Made = { kind: 'check', name, valid: isValid(node), columns, expression: `(${text})`, definition: checkText(text, node) }
  const put = (changed: Catalog, each: string) => putConstraint(changed, each, check)
  return only === true || node.is_no_inherit === true ? put(catalog, key) : eachBelow(catalog, key, put)
}

function addForeignKey(catalog: Catalog, key: string, { node, column }: Wanted): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const columns = node.fk_attrs === undefined && column !== undefined ? [column] : textsOf(node.fk_attrs)
  const references = relationKey(node.pktable ?? {}, catalog)
  const referencedColumns = node.pk_attrs === undefined ? primaryKeyOf(catalog.relations.get(references)) : textsOf(node.pk_attrs)
  const definition = foreignKeyText(node, columns, { table: references, columns: referencedColumns })
  const name = node.conname ?? chooseForeignKeyName({ catalog, relation }, columns)
  const foreignKey = { kind: 'foreign-key', name, valid: isValid(node), columns, references, referencedColumns, definition } as const
  return inheritForeignKey(putConstraint(catalog, key, foreignKey), key, foreignKey)
}

function inheritForeignKey(catalog: Catalog, key: string, foreignKey: ForeignKey): Catalog {
  const relation = catalog.relations.get(key)
  if (relation?.kind !== 'partitioned') return catalog
  return each(catalog, relation.children, (changed, child) => cloneForeignKey(changed, child, foreignKey))
}

export type ForeignKey = Extract<Made, { readonly kind: 'foreign-key' }>

/** A partition's own copy; it keeps the name where the partition has none of it. */
export function cloneForeignKey(catalog: Catalog, key: string, foreignKey: ForeignKey): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  if (relation.constraints.some((own) => own.kind === 'foreign-key' && own.definition === foreignKey.definition)) return catalog
  const taken = relation.constraints.some((own) => own.name === foreignKey.name)
  const name = taken ? chooseForeignKeyName({ catalog, relation }, foreignKey.columns) : foreignKey.name
  const own = { ...foreignKey, name }
  return inheritForeignKey(putConstraint(catalog, key, own), key, own)
}

function primaryKeyOf(relation: Relation | undefined): readonly string[] {
  return relation?.constraints.find((constraint) => constraint.kind === 'primary-key')?.columns ?? []
}
