import type { Catalog, Column } from '../../model/catalog.ts'
import { putRelation } from '../catalog-names.ts'
import { textsOf, type ColumnDef, type Constraint, type PgNode } from '../node.ts'
import { chooseSequenceName } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { expressionText, type Source } from '../source.ts'
import { isSerial, typeText } from '../type-text.ts'
import { visibleName } from './definitions.ts'
import { edit, editColumn, newRelation, type ColumnPlace } from './edit.ts'

/** The constraints of a column or table, with DEFERRABLE and the like, which are nodes of their own, put into those that they follow. */
export function constraintsOf(nodes: readonly PgNode[] | undefined): readonly Constraint[] {
  const found: Constraint[] = []
  for (const node of nodes ?? []) {
    if (!('Constraint' in node)) continue
    const attribute = attributes[node.Constraint.contype ?? '']
    const last = found.at(-1)
    if (attribute === undefined) found.push(node.Constraint)
    else if (last !== undefined) found[found.length - 1] = { ...last, ...attribute }
  }
  return found
}

const attributes: { readonly [contype: string]: Constraint } = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_NOT_DEFERRABLE: { deferrable: false },
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_IMMEDIATE: { initdeferred: false },
  CONSTR_ATTR_ENFORCED: { is_enforced: true },
  CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false },
}

/** The column of a definition; NOT NULL is left to the constraints. */
export function columnOf(definition: ColumnDef, catalog: Catalog, source: Source): Column {
  const facets = constraintsOf(definition.constraints).map((constraint) => facetOf(constraint, source))
  const collation = textsOf(definition.collClause?.collname).filter((part) => part !== 'pg_catalog')
  const column: Column = {
    name: definition.colname ?? '',
    type: definition.typeName === undefined ? 'unknown' : typeText(definition.typeName, catalog),
    nullable: true,
    ...(collation.length > 0 && { collation: postgresDialect.name(...collation) }),
  }
  return facets.reduce<Column>((whole, facet) => ({ ...whole, ...facet }), column)
}

function facetOf(node: Constraint, source: Source): Pick<Column, 'default' | 'generated' | 'identity'> {
  const expression = expressionText(source, node.raw_expr) ?? ''
  if (node.contype === 'CONSTR_DEFAULT') return isNull(node.raw_expr) ? {} : { default: expression }
  if (node.contype === 'CONSTR_IDENTITY') return { identity: node.generated_when === 'a' ? 'always' : 'by-default' }
  if (node.contype !== 'CONSTR_GENERATED') return {}
  return { default: expression, generated: (node as { generated_kind?: string }).generated_kind === 'v' ? 'virtual' : 'stored' }
}

/** The server keeps no default for DEFAULT NULL. */
export function isNull(expression: PgNode | undefined): boolean {
  return expression === undefined || ('A_Const' in expression && expression.A_Const.isnull === true)
}

/** The definition of a column, with the statement that it stands in. */
export interface DefinedColumn {
  readonly definition: ColumnDef
  readonly source: Source
}

/** The column appended, with the sequence that serial or identity makes. */
export function addColumn(catalog: Catalog, key: string, { definition, source }: DefinedColumn): Catalog {
  const column = columnOf(definition, catalog, source)
  const added = edit(catalog, key, (relation) => ({ ...relation, columns: [...relation.columns, column] }))
  const place = { relation: key, column: column.name }
  if (isSerial(definition.typeName)) return addSerial(added, place)
  const identity = constraintsOf(definition.constraints).find((constraint) => constraint.contype === 'CONSTR_IDENTITY')
  return identity === undefined ? added : addSequence(added, place, sequenceName(identity.options))
}

function addSerial(catalog: Catalog, place: ColumnPlace): Catalog {
  const relation = catalog.relations.get(place.relation)
  if (relation === undefined) return catalog
  const name = chooseSequenceName({ catalog, relation }, place.column)
  const added = addSequence(catalog, place, name)
  const text = postgresDialect.literal(visibleName(postgresDialect.name(relation.schema, name), added))
  return editColumn(added, place, (old) => ({ ...old, default: `nextval(${text}::regclass)` }))
}

export function sequenceName(options: readonly PgNode[] | undefined): string | undefined {
  const found = (options ?? []).flatMap((node) =>
    'DefElem' in node && node.DefElem.defname === 'sequence_name' ? [node.DefElem.arg] : [],
  )[0]
  return found !== undefined && 'List' in found ? textsOf(found.List.items).at(-1) : undefined
}

/** A sequence that belongs to a column. */
export function addSequence(catalog: Catalog, ownedBy: ColumnPlace, chosen?: string): Catalog {
  const relation = catalog.relations.get(ownedBy.relation)
  if (relation === undefined) return catalog
  const place = { schema: relation.schema, name: chosen ?? chooseSequenceName({ catalog, relation }, ownedBy.column) }
  return putRelation(catalog, { ...newRelation(place, 'sequence'), ownedBy })
}
