import type { Catalog, Constraint as CatalogConstraint } from '../../model/catalog.ts'
import { textsOf, type AlterTableCmd, type Constraint } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { from18OrPartitioned, onTable, onTree, type Action, type Target } from './action.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { isProvenNotNull } from './expression.ts'
import { foreignKeyEffect } from './foreign-key.ts'
import { foreignKeysTo, isUnknown, withDescendants, withHeap, type ForeignKey } from './relations.ts'

/** ADD CONSTRAINT, by kind. */
export function addConstraint(constraint: Constraint, target: Target): Action {
  const named = constraint.conname === undefined ? nothing : { creates: [constraintName(target.key, constraint.conname)] }
  const action = kindOf(constraint, target)
  return { ...action, effect: merge(named, action.effect) }
}

function kindOf(constraint: Constraint, target: Target): Action {
  const heap = withHeap(target.tree, target.catalog)
  const deferred = constraint.skip_validation === true || constraint.is_enforced === false
  switch (constraint.contype) {
    case 'CONSTR_FOREIGN':
      return from18OrPartitioned(target, 'SHARE ROW EXCLUSIVE', foreignKeyEffect(constraint, deferred, target))
    case 'CONSTR_CHECK':
      if (constraint.is_no_inherit === true)
        return from18OrPartitioned(target, 'ACCESS EXCLUSIVE', deferred ? nothing : { scans: withHeap([target.key], target.catalog) })
      return onTree('ACCESS EXCLUSIVE', deferred ? nothing : { scans: heap })
    case 'CONSTR_NOTNULL':
      return onTree('ACCESS EXCLUSIVE', deferred ? nothing : notNullScan(textsOf(constraint.keys), target))
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      return addIndexConstraint(constraint, heap, target)
    case undefined:
    case 'CONSTR_NULL':
    case 'CONSTR_DEFAULT':
    case 'CONSTR_IDENTITY':
    case 'CONSTR_GENERATED':
    case 'CONSTR_ATTR_DEFERRABLE':
    case 'CONSTR_ATTR_NOT_DEFERRABLE':
    case 'CONSTR_ATTR_DEFERRED':
    case 'CONSTR_ATTR_IMMEDIATE':
    case 'CONSTR_ATTR_ENFORCED':
    case 'CONSTR_ATTR_NOT_ENFORCED':
  }
  // None of these stands as a table constraint.
  return onTable('ACCESS EXCLUSIVE')
}

/** Tables in which SET NOT NULL (or its like) looks at each row, for want of a proof. */
export function notNullScan(columns: readonly string[], target: Target): Effect {
  const dropped = new Set(target.commands.filter((command) => command.subtype === 'AT_DropConstraint').map((command) => command.name ?? ''))
  const unproven = (key: string) => {
    const relation = target.catalog.relations.get(key)
    return columns.some((column) => !isValidlyNotNull(key, column, target.catalog) && !isProvenNotNull(relation, column, dropped))
  }
  const scans = withHeap(target.tree, target.catalog).filter(unproven)
  const doubtful = scans.some((key) => isUnknown(key, target.catalog))
  return {
    scans,
    ...(doubtful && {
      conditions: [
        `read from end to end unless a valid CHECK (${columns.map((column) => postgresDialect.name(column)).join(', ')} IS NOT NULL) exists`,
      ],
    }),
  }
}

function isValidlyNotNull(key: string, column: string, catalog: Catalog): boolean {
  const relation = catalog.relations.get(key)
  if (relation?.columns.find(({ name }) => name === column)?.nullable !== false) return false
  return !relation.constraints.some(
    (constraint) => constraint.kind === 'not-null' && !constraint.valid && constraint.columns.includes(column),
  )
}

function addIndexConstraint(constraint: Constraint, heap: readonly string[], target: Target): Action {
  const primary = constraint.contype === 'CONSTR_PRIMARY'
  if (constraint.indexname !== undefined)
    return onTable('ACCESS EXCLUSIVE', primary ? usingIndexScan(constraint.indexname, target) : nothing)
  const needsNotNull = primary ? notNullScan(textsOf(constraint.keys), target) : nothing
  const effect = merge({ builds: heap }, primary && (needsNotNull.scans?.length ?? 0) > 0 ? needsNotNull : nothing)
  // Before 18 the partitions' own NOT NULL is only looked at where the parent's columns still allow NULL.
  const strong =
    target.catalog.server.version >= 18 ||
    (primary && textsOf(constraint.keys).some((column) => !isValidlyNotNull(target.key, column, target.catalog)))
  if (strong) return onTree('ACCESS EXCLUSIVE', effect)
  return onTable('ACCESS EXCLUSIVE', merge(effect, locksOn('SHARE', target.tree.slice(1))))
}

function usingIndexScan(indexName: string, target: Target): Effect {
  const index = target.relation?.indexes.find(({ name }) => name === indexName)
  if (index === undefined)
    return {
      scans: withHeap([target.key], target.catalog),
      conditions: [`read from end to end unless the columns of index ${indexName} are NOT NULL`],
    }
  return notNullScan(
    index.columns.filter((column) => column !== undefined),
    target,
  )
}

/** DROP CONSTRAINT: a foreign key's other table is locked too, and those that refer to a key dropped with CASCADE. */
export function dropConstraint(command: AlterTableCmd, target: Target): Action {
  const name = command.name ?? ''
  const found = target.relation?.constraints.find((constraint) => constraint.name === name)
  const effect = merge(
    { destroys: [constraintName(target.key, name)] },
    found === undefined ? unknownPartner(target) : partnersOf(found, target),
  )
  return onTree('ACCESS EXCLUSIVE', effect)
}

function unknownPartner({ key, catalog }: Target): Effect {
  return isUnknown(key, catalog) ? { conditions: ['the table it refers to is locked as well if it is a foreign key'] } : nothing
}

function partnersOf(constraint: CatalogConstraint, target: Target): Effect {
  if (constraint.kind === 'foreign-key') return locksOn('ACCESS EXCLUSIVE', withDescendants(constraint.references, target.catalog))
  if (constraint.kind !== 'primary-key' && constraint.kind !== 'unique') return nothing
  const children = foreignKeysTo(target.key, target.catalog).filter(
    ({ foreignKey }) => foreignKey.referencedColumns.join() === constraint.columns.join(),
  )
  return merge(
    locksOn(
      'ACCESS EXCLUSIVE',
      children.flatMap(({ from }) => withDescendants(from, target.catalog)),
    ),
    {
      destroys: children.map(({ from, foreignKey }) => constraintName(from, foreignKey.name)),
    },
  )
}

/** VALIDATE CONSTRAINT reads the table without blocking anyone's writes; what is valid already is not read again. */
export function validateConstraint(command: AlterTableCmd, target: Target): Action {
  const found = target.relation?.constraints.find((constraint) => constraint.name === command.name)
  const heap = withHeap(target.tree, target.catalog)
  if (found?.kind === 'foreign-key') return onTree('SHARE UPDATE EXCLUSIVE', validateForeignKey(found, heap, target.catalog))
  if (found === undefined && isUnknown(target.key, target.catalog)) {
    return onTree('SHARE UPDATE EXCLUSIVE', {
      scans: heap,
      conditions: ['the table it refers to is read and locked (ROW SHARE) as well if it is a foreign key'],
    })
  }
  return onTree('SHARE UPDATE EXCLUSIVE', found?.valid === true ? nothing : { scans: heap })
}

function validateForeignKey(foreignKey: ForeignKey, heap: readonly string[], catalog: Catalog): Effect {
  if (foreignKey.valid) return nothing
  const parents = withDescendants(foreignKey.references, catalog)
  return merge(locksOn('ROW SHARE', parents), { scans: [...heap, ...withHeap(parents, catalog)] })
}

/** ALTER CONSTRAINT; ENFORCED (18) checks all rows, as adding the foreign key would. */
export function alterConstraint(command: AlterTableCmd, target: Target): Action {
  const change = command.def !== undefined && 'ATAlterConstraint' in command.def ? command.def.ATAlterConstraint : undefined
  const found = target.relation?.constraints.find((constraint) => constraint.name === change?.conname)
  if (change?.alterEnforceability !== true || found?.kind !== 'foreign-key') return onTree('ACCESS EXCLUSIVE')
  const parents = withDescendants(found.references, target.catalog)
  const scans = change.is_enforced === true ? [...withHeap(target.tree, target.catalog), ...withHeap(parents, target.catalog)] : []
  return onTree(
    'ACCESS EXCLUSIVE',
    merge(locksOn(change.is_enforced === true ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE', parents), { scans }),
  )
}

function constraintName(table: string, name: string): string {
  return `constraint ${table}.${postgresDialect.name(name)}`
}
