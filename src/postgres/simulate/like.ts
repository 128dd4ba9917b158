import type { Catalog, Column, Constraint, Index, Relation } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import type { TableLikeClause } from '../node.ts'
import { chooseExcludeName, choosePrimaryKeyName, chooseUniqueName, type NameScope } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { addSequence } from './columns.ts'
import { each, putConstraint } from './edit.ts'
import { cloneIndex, putIndex } from './indexes.ts'

/** Bits of TableLikeClause.options: CREATE_TABLE_LIKE_... in parsenodes.h. */
const including = { constraints: 1 << 2, defaults: 1 << 3, generated: 1 << 4, identity: 1 << 5, indexes: 1 << 6 } as const

function includes(clause: TableLikeClause, what: keyof typeof including): boolean {
  return ((clause.options ?? 0) & including[what]) !== 0
}

/** The columns of another table; NOT NULL is always copied, the rest where INCLUDING says so. */
export function likeColumns(clause: TableLikeClause, catalog: Catalog): readonly Column[] {
  const columns = catalog.relations.get(relationKey(clause.relation ?? {}, catalog))?.columns ?? []
  return columns.map(({ default: value, generated, identity, position: _position, ...plain }) => ({
    ...plain,
    ...(value !== undefined && generated === undefined && includes(clause, 'defaults') && { default: value }),
    ...(value !== undefined && generated !== undefined && includes(clause, 'generated') && { default: value, generated }),
    ...(identity !== undefined && includes(clause, 'identity') && { identity }),
  }))
}

/** What LIKE copies once the table stands: NOT NULLs (18) and CHECKs with their names, keys and indexes with new ones, sequences of identity columns. */
export function copyLike(catalog: Catalog, key: string, clause: TableLikeClause): Catalog {
  const model = catalog.relations.get(relationKey(clause.relation ?? {}, catalog))
  if (model === undefined) return catalog
  const copied = model.constraints.filter(({ kind }) => kind === 'not-null' || (kind === 'check' && includes(clause, 'constraints')))
  const checked = each(catalog, copied, (changed, constraint) => putConstraint(changed, key, constraint))
  const identities = includes(clause, 'identity') ? model.columns.filter((column) => column.identity !== undefined) : []
  const numbered = each(checked, identities, (changed, column) => addSequence(changed, { relation: key, column: column.name }))
  const indexes = includes(clause, 'indexes') ? model.indexes : []
  return each(numbered, indexes, (changed, index) => copyIndex(changed, key, { index, constraints: model.constraints }))
}

function copyIndex(
  catalog: Catalog,
  key: string,
  { index, constraints }: Pick<Relation, 'constraints'> & { readonly index: Index },
): Catalog {
  const constraint = constraints.find((each) => each.name === index.constraint)
  return constraint === undefined ? cloneIndex(catalog, key, { index }) : cloneKey(catalog, key, { index, constraint })
}

/** A key of another table with a name of its own; `parent` where it is attached to that one's index. */
export function cloneKey(
  catalog: Catalog,
  key: string,
  model: { readonly index: Index; readonly constraint: Constraint; readonly parent?: string },
): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const { index, constraint, parent } = model
  const scope = { catalog, relation }
  const name = chooseName[constraint.kind === 'primary-key' || constraint.kind === 'exclude' ? constraint.kind : 'unique'](scope, index)
  const definition = `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${postgresDialect.name(name)} ON ${relation.kind === 'partitioned' ? 'ONLY ' : ''}${key}${index.definition.slice(index.definition.indexOf(' USING '))}`
  const { oid: _oid, parent: _parent, identifiesRows: _identifies, ...shape } = index
  const own = { ...shape, name, definition, constraint: name, valid: true, ...(parent !== undefined && { parent }) }
  return putConstraint(putIndex(catalog, key, own), key, { ...constraint, name })
}

const chooseName: { readonly [kind in 'primary-key' | 'unique' | 'exclude']: (scope: NameScope, index: Index) => string } = {
  'primary-key': choosePrimaryKeyName,
  'unique': (scope, index) => chooseUniqueName(scope, index.mentions),
  'exclude': (scope, index) =>
    chooseExcludeName(
      scope,
      index.columns.map((column) => column ?? 'expr'),
    ),
}
