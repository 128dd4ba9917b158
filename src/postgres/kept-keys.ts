import type { Catalog, Constraint } from '../model/catalog.ts'
import type { Statement } from '../model/statement.ts'
import { relationKey } from './names.ts'
import { textsOf, type AlterTableCmd, type PgNode } from './node.ts'
import { simulate } from './simulate.ts'

/** One statement of a migration, on what the earlier ones left. */
interface Placed {
  readonly statement: Statement<PgNode>
  readonly before: Catalog
  readonly table: string | undefined
  readonly actions: readonly AlterTableCmd[]
}

/**
 * Statements that drop a foreign key before changes of type and add the very same one behind them, as Prisma writes it: a second column takes its
 * keys along, and no row is ever written without them. Only where nothing stands between that needs the key away.
 */
export function keptKeys(statements: readonly Statement<PgNode>[], before: Catalog): ReadonlySet<Statement<PgNode>> {
  let catalog = before
  const placed = statements.map((statement): Placed => {
    const one = { statement, before: catalog, ...alterOf(statement, catalog) }
    catalog = simulate(statement, catalog)
    return one
  })
  const pairs = placed.flatMap((one, at) => pairAt(placed, one, at) ?? [])
  const members = new Set(pairs.flatMap(({ drop, add }) => [drop, add]))
  const kept = pairs.filter(({ drop, add }) => {
    const between = placed.slice(placed.indexOf(drop) + 1, placed.indexOf(add)).filter((one) => !members.has(one))
    return between.some(changesType) && between.every(onlyChanges)
  })
  return new Set(kept.flatMap(({ drop, add }) => [drop.statement, add.statement]))
}

function alterOf({ node }: Statement<PgNode>, catalog: Catalog): Pick<Placed, 'table' | 'actions'> {
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.relation === undefined) return { table: undefined, actions: [] }
  const actions = (node.AlterTableStmt.cmds ?? []).flatMap((one) => ('AlterTableCmd' in one ? [one.AlterTableCmd] : []))
  return { table: relationKey(node.AlterTableStmt.relation, catalog), actions }
}

interface Pair {
  readonly drop: Placed
  readonly add: Placed
}

function pairAt(placed: readonly Placed[], drop: Placed, at: number): Pair | undefined {
  const [action, ...more] = drop.actions
  if (action?.subtype !== 'AT_DropConstraint' || more.length > 0 || action.behavior === 'DROP_CASCADE') return undefined
  const was = keyOf(drop.before, drop.table, action.name)
  const add = placed.slice(at + 1).find((one) => isSame(was, addedBy(one, drop, action.name)))
  return was === undefined || add === undefined ? undefined : { drop, add }
}

function keyOf({ relations }: Catalog, table: string | undefined, name: string | undefined): Constraint | undefined {
  const relation = relations.get(table ?? '')
  return relation?.isNew === false ? relation.constraints.find((one) => one.kind === 'foreign-key' && one.name === name) : undefined
}

function addedBy({ statement, before, table, actions }: Placed, drop: Placed, name: string | undefined): Constraint | undefined {
  const [action, ...more] = actions
  if (action?.subtype !== 'AT_AddConstraint' || more.length > 0 || table !== drop.table) return undefined
  return keyOf(simulate(statement, before), table, name)
}

function isSame(one: Constraint | undefined, other: Constraint | undefined): boolean {
  return one !== undefined && one.definition === other?.definition
}

function changesType({ actions }: Placed): boolean {
  return actions.some(({ subtype }) => subtype === 'AT_AlterColumnType')
}

/** Changes of type, and what ORMs put around them: the primary key and the default away and back. */
function onlyChanges({ actions }: Placed): boolean {
  const kinds = ['AT_AlterColumnType', 'AT_ColumnDefault', 'AT_DropConstraint', 'AT_AddConstraint']
  return actions.length > 0 && actions.every((action) => kinds.includes(action.subtype ?? '') && staysComparable(action))
}

/** While one side of the key has changed and the other not yet, the server compares them: it can where both are integers. */
function staysComparable({ subtype, def }: AlterTableCmd): boolean {
  if (subtype !== 'AT_AlterColumnType') return true
  const type = def !== undefined && 'ColumnDef' in def ? textsOf(def.ColumnDef.typeName?.names).at(-1) : undefined
  return ['int2', 'int4', 'int8'].includes(type ?? '')
}
