import type { Catalog, Index, Relation } from '../../model/catalog.ts'
import { columnsIn } from '../tree.ts'
import { textsOf, type Constraint, type IndexElem } from '../node.ts'
import { chooseExcludeName, choosePrimaryKeyName, chooseUniqueName } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { expressionText } from '../source.ts'
import { indexKeyText, indexText, keyText, optionsText } from './definitions.ts'
import { byName, each, edit, putConstraint } from './edit.ts'
import { attachIndex, putIndex, shapeOf } from './indexes.ts'
import { addNotNull } from './not-null.ts'
import { keyColumns, type Wanted } from './wanted.ts'

/** PRIMARY KEY, UNIQUE or EXCLUDE: a constraint and its index, in each partition too. */
export function addKey(catalog: Catalog, key: string, wanted: Wanted): Catalog {
  if (wanted.node.contype === 'CONSTR_EXCLUSION') return addExclusion(catalog, key, wanted)
  if (wanted.node.indexname !== undefined) return adoptIndex(catalog, key, wanted)
  const columns = keyColumns(wanted.node, wanted.column)
  const including = textsOf(wanted.node.including)
  const only = wanted.only === true
  return addKeyIndex(allNotNull(catalog, key, { ...wanted, columns }), key, { node: wanted.node, columns, including, only })
}

function allNotNull(catalog: Catalog, key: string, { node, only, columns }: Wanted & { readonly columns: readonly string[] }): Catalog {
  if (node.contype !== 'CONSTR_PRIMARY') return catalog
  return each(catalog, columns, (changed, column) => addNotNull(changed, key, { column, ...(only !== undefined && { only }) }))
}

interface KeyIndex {
  readonly node: Constraint
  readonly columns: readonly string[]
  readonly including: readonly string[]
  /** Partitions get none: the index is not valid until each has one that is attached. */
  readonly only: boolean
  readonly parent?: string
}

function addKeyIndex(catalog: Catalog, key: string, wanted: KeyIndex): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const { node, columns, including, parent } = wanted
  const scope = { catalog, relation }
  const primary = node.contype === 'CONSTR_PRIMARY'
  const name = node.conname ?? (primary ? choosePrimaryKeyName(scope) : chooseUniqueName(scope, [...columns, ...including]))
  const index = keyIndex(catalog, key, { ...wanted, name })
  const twin =
    parent === undefined
      ? undefined
      : relation.indexes.find((own) => own.parent === undefined && own.constraint !== undefined && shapeOf(own) === shapeOf(index))
  if (twin !== undefined && parent !== undefined) return attachIndex(catalog, key, { name: twin.name, parent })
  const constraint = { kind: primary ? 'primary-key' : 'unique', name, valid: true, columns, definition: keyText(node, wanted) } as const
  const added = putConstraint(putIndex(catalog, key, index), key, constraint)
  if (relation.kind !== 'partitioned' || wanted.only) return added
  const { conname: _named, ...unnamed } = node
  return each(added, relation.children, (changed, child) =>
    addKeyIndex(changed, child, { node: unnamed, columns, including, only: false, parent: name }),
  )
}

function keyIndex(
  catalog: Catalog,
  key: string,
  { node, columns, including, only, parent, name }: KeyIndex & { readonly name: string },
): Index {
  const shape = {
    name,
    unique: true,
    method: node.without_overlaps === true ? 'gist' : 'btree',
    keys: columns.map((column) => postgresDialect.name(column)).join(', '),
    including,
    nullsNotDistinct: node.nulls_not_distinct === true,
    options: optionsText(node.options),
    where: undefined,
  }
  return {
    name,
    unique: true,
    valid: !only || (catalog.relations.get(key)?.children ?? []).length === 0,
    method: shape.method,
    columns,
    mentions: [...columns, ...including],
    partial: false,
    definition: indexText(shape, key, catalog),
    constraint: name,
    ...(parent !== undefined && { parent }),
  }
}

// ADD CONSTRAINT ... USING INDEX takes an index over and gives it the constraint's name.
function adoptIndex(catalog: Catalog, key: string, wanted: Wanted): Catalog {
  const { node } = wanted
  const index = catalog.relations.get(key)?.indexes.find((each) => each.name === node.indexname)
  if (index === undefined) return catalog
  const name = node.conname ?? index.name
  const columns = index.columns.filter((column) => column !== undefined)
  const definition = index.definition.replace(`INDEX ${postgresDialect.name(index.name)} ON`, `INDEX ${postgresDialect.name(name)} ON`)
  const adopted = edit(allNotNull(catalog, key, { ...wanted, columns }), key, (relation) => ({
    ...relation,
    indexes: byName(relation.indexes.map((each) => (each === index ? { ...each, name, definition, constraint: name } : each))),
  }))
  const including = index.mentions.filter((column) => !columns.includes(column))
  const kind = node.contype === 'CONSTR_PRIMARY' ? 'primary-key' : 'unique'
  return putConstraint(adopted, key, { kind, name, valid: true, columns, definition: keyText(node, { columns, including }) })
}

function addExclusion(catalog: Catalog, key: string, { node, source }: Wanted): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const parts = exclusionsOf(node)
  const columns = parts.map(({ element }) => element.name)
  const named = columns.map((column) => column ?? 'expr')
  const name = node.conname ?? chooseExcludeName({ catalog, relation }, named)
  const where = expressionText(source, node.where_clause)
  const method = node.access_method ?? 'btree'
  const keys = parts.map(({ element }) => indexKeyText(element, source))
  const shape = {
    name,
    unique: false,
    method,
    keys: keys.join(', '),
    including: textsOf(node.including),
    nullsNotDistinct: false,
    options: '',
    where,
  }
  const definition = `EXCLUDE USING ${method} (${keys.map((text, at) => `${text} WITH ${parts[at]?.operator ?? ''}`).join(', ')})${where === undefined ? '' : ` WHERE ((${where}))`}`
  const index: Index = {
    name,
    unique: false,
    valid: true,
    method,
    columns,
    mentions: exclusionMentions(relation, node, columns),
    partial: where !== undefined,
    definition: indexText(shape, key, catalog),
    constraint: name,
  }
  const plain = columns.filter((column) => column !== undefined)
  return putConstraint(putIndex(catalog, key, index), key, { kind: 'exclude', name, valid: true, columns: plain, definition })
}

function exclusionMentions(relation: Relation, node: Constraint, columns: readonly (string | undefined)[]): readonly string[] {
  const within = new Set([...textsOf(node.including), ...columnsIn([node.exclusions, node.where_clause])])
  const plain = columns.filter((column) => column !== undefined)
  return [...new Set([...plain, ...relation.columns.map((column) => column.name).filter((column) => within.has(column))])]
}

function exclusionsOf(node: Constraint): readonly { readonly element: IndexElem; readonly operator: string }[] {
  return (node.exclusions ?? []).flatMap((pair) => {
    const [element, operator] = 'List' in pair ? (pair.List.items ?? []) : []
    if (element === undefined || !('IndexElem' in element)) return []
    return [
      { element: element.IndexElem, operator: operator !== undefined && 'List' in operator ? textsOf(operator.List.items).join('.') : '' },
    ]
  })
}
