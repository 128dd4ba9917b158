import type { Catalog, Column, Relation } from '../../model/catalog.ts'
import { textsOf, type AlterTableCmd, type ColumnDef } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { onTree, type Action, type Target } from './action.ts'
import { rewrite } from './add-column.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { foreignKeysOf, foreignKeysTo, isUnknown, ownedSequences, viewsOver, withDescendants, withHeap } from './relations.ts'
import { changeRewrites, indexesBuilt, type TypeChange } from './type-change.ts'
import { shapeOfNode } from './type-shape.ts'

/** ALTER COLUMN TYPE: whether the table is written anew; else which indexes and CHECKs are done again. */
export function alterType(command: AlterTableCmd, target: Target): Action {
  return onTree('ACCESS EXCLUSIVE', merge(...target.tree.map((key) => changeIn(key, command, target.catalog))))
}

function changeIn(key: string, command: AlterTableCmd, catalog: Catalog): Effect {
  const relation = catalog.relations.get(key)
  const change = relation === undefined ? undefined : typeChange(command, relation, catalog)
  if (relation === undefined || change === undefined) return unknownChange(key, catalog)
  const { column } = change
  const { name } = column
  const heap = withHeap([key], catalog)
  const keys = foreignKeysThrough(key, name, catalog)
  if (column.generated !== 'virtual' && changeRewrites(change, catalog)) {
    return merge(rewrite(heap, catalog), keys.locks, { scans: heap.length > 0 ? keys.tables : [] })
  }
  const builds = indexesBuilt(relation, change, catalog).length > 0 ? heap : []
  return merge(keys.locks, { builds, scans: hasCheck(relation, name) ? heap : [] })
}

/** What ALTER COLUMN TYPE asks of the column of a table; undefined where the table has none of that name. */
export function typeChange({ name, def }: AlterTableCmd, relation: Relation, catalog: Catalog): TypeChange | undefined {
  const definition = def !== undefined && 'ColumnDef' in def ? def.ColumnDef : {}
  const column = relation.columns.find((candidate) => candidate.name === name)
  if (column === undefined) return undefined
  const to = shapeOfNode(definition.typeName, catalog)
  return { column, to, using: definition.raw_default, recollates: collationChanges(column, definition) }
}

function collationChanges(column: Column, definition: ColumnDef): boolean {
  const wanted = textsOf(definition.collClause?.collname).at(-1)
  const current = column.collation?.replaceAll('"', '').split('.').at(-1)
  return wanted === undefined ? current !== undefined && current !== 'default' : wanted !== (current ?? 'default')
}

function hasCheck(relation: Relation, column: string): boolean {
  return relation.constraints.some((constraint) => constraint.kind === 'check' && constraint.valid && constraint.columns.includes(column))
}

function unknownChange(key: string, catalog: Catalog): Effect {
  if (!isUnknown(key, catalog)) return nothing
  const conditions = ['written anew unless the old type can stay as it is (varchar to text, a higher limit)']
  return merge(rewrite([key], catalog), { conditions })
}

/** Foreign keys on either side of the column are dropped and made again, which locks the other table. */
function foreignKeysThrough(key: string, column: string, catalog: Catalog): { readonly locks: Effect; readonly tables: readonly string[] } {
  const out = foreignKeysOf(catalog.relations.get(key))
    .filter((foreignKey) => foreignKey.columns.includes(column))
    .map((foreignKey) => foreignKey.references)
  const into = foreignKeysTo(key, catalog)
    .filter(({ foreignKey }) => foreignKey.referencedColumns.includes(column))
    .map(({ from }) => from)
  const tables = [...out, ...into].flatMap((table) => withDescendants(table, catalog))
  return { locks: locksOn('ACCESS EXCLUSIVE', tables), tables: withHeap(tables, catalog) }
}

/** DROP COLUMN, with the foreign keys, and with CASCADE the views, that stand on it. */
export function dropColumn(command: AlterTableCmd, target: Target): Action {
  const name = command.name ?? ''
  const exists = target.relation === undefined || target.relation.columns.some((column) => column.name === name)
  if (!exists) return onTree('ACCESS EXCLUSIVE')
  const keys = foreignKeysThrough(target.key, name, target.catalog)
  const views = command.behavior === 'DROP_CASCADE' ? viewsOver(target.key, target.catalog) : []
  const doubt: Effect = views.length > 0 ? { conditions: [`views over ${target.key} go too if they read the column`] } : nothing
  return onTree(
    'ACCESS EXCLUSIVE',
    merge(keys.locks, locksOn('ACCESS EXCLUSIVE', [...views, ...ownedSequences(target.key, target.catalog, name)]), doubt, {
      destroys: [`column ${target.key}.${postgresDialect.name(name)}`, ...indexesOn(target, name)],
    }),
  )
}

function indexesOn({ relation }: Target, column: string): readonly string[] {
  return (relation?.indexes ?? [])
    .filter((index) => index.mentions.includes(column))
    .map((index) => `index ${postgresDialect.name(relation?.schema ?? '', index.name)}`)
}

/** SET EXPRESSION (17 on) computes a stored column again for each row. */
export function setExpression(command: AlterTableCmd, target: Target): Action {
  const column = target.relation?.columns.find(({ name }) => name === command.name)
  if (column?.generated === 'virtual')
    return onTree(
      'ACCESS EXCLUSIVE',
      target.relation !== undefined && hasCheck(target.relation, column.name) ? { scans: withHeap(target.tree, target.catalog) } : nothing,
    )
  const doubt = isUnknown(target.key, target.catalog) ? { conditions: ['not written anew if the column is VIRTUAL'] } : nothing
  return onTree('ACCESS EXCLUSIVE', merge(rewrite(withHeap(target.tree, target.catalog), target.catalog), doubt))
}
