import type { Catalog, Constraint as Made, Relation } from '../../model/catalog.ts'
import type { Constraint } from '../node.ts'
import { chooseNotNullName } from '../object-names.ts'
import { isValid, notNullText } from './definitions.ts'
import { each, eachBelow, editColumn, putConstraint } from './edit.ts'

/** NOT NULL on a column; from 18 on it is a constraint with a name, which partitions and children take over. */
export function addNotNull(
  catalog: Catalog,
  key: string,
  wanted: { readonly column: string; readonly node?: Constraint; readonly only?: boolean },
): Catalog {
  const { column, node } = wanted
  const relation = catalog.relations.get(key)
  if (relation === undefined || !relation.columns.some((each) => each.name === column)) return catalog
  const found = notNullOn(relation, column)
  const name = found?.name ?? node?.conname ?? chooseNotNullName({ catalog, relation }, column)
  const set = markNotNull(catalog, key, { column, name, node })
  if (wanted.only === true || node?.is_no_inherit === true) return set
  return each(set, relation.children, (changed, child) =>
    eachBelow(changed, child, (inner, below) => markNotNull(inner, below, { column, name, node })),
  )
}

function notNullOn(relation: Relation | undefined, column: string): Made | undefined {
  return relation?.constraints.find((constraint) => constraint.kind === 'not-null' && constraint.columns[0] === column)
}

function markNotNull(
  catalog: Catalog,
  key: string,
  { column, name, node }: { readonly column: string; readonly name: string; readonly node: Constraint | undefined },
): Catalog {
  const found = notNullOn(catalog.relations.get(key), column)
  const valid = node === undefined || isValid(node)
  const set = editColumn(catalog, { relation: key, column }, (old) => ({ ...old, nullable: old.nullable && !valid }))
  if (catalog.server.version < 18 || found?.valid === true) return set
  const definition = notNullText(column, node)
  return putConstraint(set, key, { kind: 'not-null', name: found?.name ?? name, valid, columns: [column], definition })
}
