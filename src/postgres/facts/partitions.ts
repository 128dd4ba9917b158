import type { Catalog } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import { sameTree, textsOf, type A_Expr, type AlterTableCmd, type PartitionBoundSpec, type PartitionCmd, type PgNode } from '../node.ts'
import { boundCondition } from '../partition-bounds.ts'
import { onTable, type Action, type Target } from './action.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { parseExpression } from './expression.ts'
import { foreignKeysOf, isUnknown, withDescendants, withHeap, type ForeignKey } from './relations.ts'
import { columnsIn, conjunctsOf } from '../tree.ts'

/** ATTACH PARTITION: the parent stays open for writes; the child, and a default partition, are locked and read. */
export function attachPartition({ def }: AlterTableCmd, target: Target): Action {
  const { catalog, key } = target
  const command = partitionOf(def)
  const child = relationKey(command?.name ?? {}, catalog)
  const children = withDescendants(child, catalog)
  const read = [...(isProven(child, command?.bound, target) ? [] : children), ...defaultsRead(key, command?.bound, catalog)]
  const builds = withHeap(children, catalog).filter((leaf) => lacksIndexes(leaf, target))
  return onTable(
    'SHARE UPDATE EXCLUSIVE',
    merge(
      locksOn('ACCESS EXCLUSIVE', [...children, ...defaultPartitions(key, catalog)]),
      locksOn('SHARE ROW EXCLUSIVE', referencedByTree(target)),
      locksOn('ACCESS EXCLUSIVE', adoptedParents(children, target)),
      defaultDoubt(key, catalog),
      {
        scans: withHeap([...read, ...unreferenced(children, target)], catalog),
        builds,
      },
    ),
  )
}

/** Default partitions in which the server looks for rows of the new one: a valid CHECK that says NOT (the range) spares it that. */
export function defaultsRead(parent: string, bound: PartitionBoundSpec | undefined, catalog: Catalog): readonly string[] {
  const range = rangeOf(bound)
  const condition = conditionOf(parent, bound, catalog)
  return defaultPartitions(parent, catalog).filter((key) => {
    if (condition !== undefined && holds(key, `NOT (${condition})`, catalog)) return false
    const refused = checksOf(key, catalog).flatMap((check) =>
      'BoolExpr' in check && check.BoolExpr.boolop === 'NOT_EXPR'
        ? [conjunctsOf(check.BoolExpr.args?.[0]).flatMap((part) => comparisonOf(part) ?? [])]
        : [],
    )
    return (
      range === undefined ||
      !refused.some(
        (parts) =>
          parts.length === 2 &&
          parts[0]?.column === parts[1]?.column &&
          parts.every(({ operator, value }) => (operator === '>=' ? value === range.lower : operator === '<' && value === range.upper)),
      )
    )
  })
}

function rangeOf(bound: PartitionBoundSpec | undefined): { readonly lower: string; readonly upper: string } | undefined {
  const [lower, upper] = [constantOf(bound?.lowerdatums), constantOf(bound?.upperdatums)]
  return lower === undefined || upper === undefined ? undefined : { lower, upper }
}

/** What the bound asks of a row, where that can be said in a CHECK. */
function conditionOf(parent: string, bound: PartitionBoundSpec | undefined, catalog: Catalog): string | undefined {
  const relation = catalog.relations.get(parent)
  return relation === undefined ? undefined : boundCondition(relation, bound)
}

/** Whether a valid CHECK of the table says just this. */
function holds(key: string, condition: string, catalog: Catalog): boolean {
  const wanted = withoutCasts(parseExpression(condition))
  if (wanted === undefined) return false
  return (catalog.relations.get(key)?.constraints ?? []).some(
    (constraint) =>
      constraint.kind === 'check' && constraint.valid && sameTree(withoutCasts(parseExpression(constraint.expression)), wanted),
  )
}

/** Constants without their types, and IN as = ANY: as the server prints what it made of the text of a CHECK. */
function withoutCasts(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return tree
  if (Array.isArray(tree)) return tree.map(withoutCasts)
  const node = tree as PgNode
  if ('TypeCast' in node && isConstant(node.TypeCast.arg)) return withoutCasts(node.TypeCast.arg)
  if ('A_Const' in node && node.A_Const.ival !== undefined) return { A_Const: { sval: { sval: plainConstant(node) } } }
  const any = 'A_Expr' in node ? anyOf(node.A_Expr) : undefined
  if (any !== undefined) return withoutCasts({ A_Expr: any })
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, withoutCasts(value)]))
}

function anyOf({ kind, rexpr, ...rest }: A_Expr): A_Expr | undefined {
  if (kind !== 'AEXPR_IN' || rexpr === undefined || !('List' in rexpr)) return undefined
  return { ...rest, kind: 'AEXPR_OP_ANY', rexpr: { A_ArrayExpr: { elements: rexpr.List.items ?? [] } } }
}

function isConstant(node: PgNode | undefined): boolean {
  return node !== undefined && ('A_Const' in node || 'A_ArrayExpr' in node)
}

function checksOf(key: string, catalog: Catalog): readonly PgNode[] {
  return (catalog.relations.get(key)?.constraints ?? []).flatMap((constraint) =>
    constraint.kind === 'check' && constraint.valid ? conjunctsOf(parseExpression(constraint.expression)) : [],
  )
}

/** A valid CHECK of the child says of one NOT NULL column what the range says: the server then reads nothing. */
function isProven(child: string, bound: PartitionBoundSpec | undefined, { key, catalog }: Target): boolean {
  const condition = conditionOf(key, bound, catalog)
  if (condition !== undefined && holds(child, condition, catalog)) return true
  const range = rangeOf(bound)
  const comparisons = checksOf(child, catalog).map(comparisonOf)
  const says = (name: string, operator: string, value: string) =>
    comparisons.some((found) => found?.column === name && found.operator === operator && found.value === value)
  return (
    range !== undefined &&
    (catalog.relations.get(child)?.columns ?? []).some(
      ({ name, nullable }) => !nullable && says(name, '>=', range.lower) && says(name, '<', range.upper),
    )
  )
}

function constantOf(datums: readonly PgNode[] | undefined): string | undefined {
  return datums?.length === 1 ? plainConstant(datums[0]) : undefined
}

function plainConstant(node: PgNode | undefined): string | undefined {
  if (node !== undefined && 'TypeCast' in node) return plainConstant(node.TypeCast.arg)
  if (node === undefined || !('A_Const' in node)) return undefined
  const { ival, fval, sval } = node.A_Const
  return sval?.sval ?? fval?.fval ?? (ival === undefined ? undefined : String(ival.ival ?? 0))
}

function comparisonOf(node: PgNode): { readonly column: string; readonly operator: string; readonly value: string } | undefined {
  if (!('A_Expr' in node) || node.A_Expr.lexpr === undefined || !('ColumnRef' in node.A_Expr.lexpr)) return undefined
  const [column = ''] = columnsIn(node.A_Expr.lexpr)
  const value = plainConstant(node.A_Expr.rexpr)
  return value === undefined ? undefined : { column, operator: textsOf(node.A_Expr.name).at(-1) ?? '', value }
}

function lacksIndexes(key: string, { relation, catalog }: Target): boolean {
  const own = catalog.relations.get(key)?.indexes ?? []
  return (relation?.indexes ?? []).some(
    (index) =>
      !own.some((candidate) => candidate.columns.join() === index.columns.join() && candidate.unique === index.unique && candidate.valid),
  )
}

/** A foreign key of the parent that the new partition lacks is made and checked there, with all that it refers to. */
function unreferenced(children: readonly string[], { relation, catalog }: Target): readonly string[] {
  return foreignKeysOf(relation).flatMap((foreignKey) => {
    const lacking = children.filter((child) => !hasForeignKey(child, foreignKey, catalog))
    return lacking.length === 0 ? [] : [...lacking, ...withDescendants(foreignKey.references, catalog)]
  })
}

/** The triggers of a foreign key that the new partition has already, and that becomes a part of the parent's, go on the other table too. */
function adoptedParents(children: readonly string[], { relation, catalog }: Target): readonly string[] {
  const adopted = foreignKeysOf(relation).filter((foreignKey) => children.some((child) => hasForeignKey(child, foreignKey, catalog)))
  return adopted.flatMap(({ references }) => withDescendants(references, catalog))
}

function hasForeignKey(table: string, { definition }: ForeignKey, catalog: Catalog): boolean {
  return foreignKeysOf(catalog.relations.get(table)).some((own) => own.valid && own.definition === definition)
}

function referencedByTree({ relation, catalog }: Target): readonly string[] {
  return foreignKeysOf(relation).flatMap((foreignKey) => withDescendants(foreignKey.references, catalog))
}

/** The partition that takes what no other takes. */
export function defaultPartitions(parent: string, catalog: Catalog): readonly string[] {
  return (catalog.relations.get(parent)?.children ?? []).filter((key) => catalog.relations.get(key)?.partitionBound === 'DEFAULT')
}

/** Where the catalog does not know whether there is a default partition. */
export function defaultDoubt(parent: string, catalog: Catalog): Effect {
  const children = catalog.relations.get(parent)?.children ?? []
  const doubtful = isUnknown(parent, catalog) || children.some((key) => catalog.relations.get(key)?.partitionBound === undefined)
  return doubtful ? { conditions: ['a default partition, if there is one, is locked (ACCESS EXCLUSIVE) and read as well'] } : nothing
}

/** DETACH PARTITION; CONCURRENTLY (14 on) waits for older transactions instead of blocking them. */
export function detachPartition({ def, subtype }: AlterTableCmd, target: Target): Action {
  const command = partitionOf(def)
  const child = relationKey(command?.name ?? {}, target.catalog)
  if (command?.concurrent === true) {
    return onTable('SHARE UPDATE EXCLUSIVE', merge(locksOn('ACCESS EXCLUSIVE', [child]), { alone: true, waitsFor: ['writers-of-table'] }))
  }
  if (subtype === 'AT_DetachPartitionFinalize') return onTable('SHARE UPDATE EXCLUSIVE', locksOn('ACCESS EXCLUSIVE', [child]))
  const mode = target.catalog.server.version >= 14 ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'
  return onTable(
    'ACCESS EXCLUSIVE',
    merge(
      locksOn(mode, [child]),
      locksOn('ACCESS EXCLUSIVE', defaultPartitions(target.key, target.catalog)),
      locksOn('ACCESS EXCLUSIVE', referencedByTree(target)),
      defaultDoubt(target.key, target.catalog),
    ),
  )
}

/** INHERIT and NO INHERIT: the child is locked, the parent only lightly. */
export function inherit({ def, subtype }: AlterTableCmd, { catalog }: Target): Action {
  const parent = def !== undefined && 'RangeVar' in def ? relationKey(def.RangeVar, catalog) : undefined
  const mode = subtype === 'AT_AddInherit' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS SHARE'
  return onTable('ACCESS EXCLUSIVE', parent === undefined ? nothing : locksOn(mode, [parent]))
}

function partitionOf(def: AlterTableCmd['def']): PartitionCmd | undefined {
  return def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd : undefined
}
