import type { Catalog, Column, Relation } from '../../model/catalog.ts'
import type { Facts } from '../../model/facts.ts'
import type { HazardInput, Judged } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { AlterTableCmd, AlterTableType, ColumnDef, Constraint, PgNode } from '../node.ts'

export type Input = HazardInput<PgNode>

/** One action of an ALTER TABLE on a table that someone may be using. */
export interface Found {
  readonly key: string
  /** Undefined where the catalog does not know the table. */
  readonly relation: Relation | undefined
  readonly command: AlterTableCmd
  /** Kind of object that ALTER was written for. */
  readonly objtype: string
}

/** The actions of these kinds, where the statement is an ALTER TABLE of a table that is not new. */
export function actionsOf(judged: Judged<PgNode>, ...subtypes: readonly AlterTableType[]): readonly Found[] {
  if (!('AlterTableStmt' in judged.statement.node)) return none
  const found = allActions(judged)
  const one = found[0]?.command.subtype
  if (found.length === 1 && one !== undefined) return subtypes.includes(one) ? found : none
  return found.filter(({ command }) => command.subtype !== undefined && subtypes.includes(command.subtype))
}

const none: readonly Found[] = []

/** Every rule asks for those of the same statement, one after the other. */
let last: { readonly node: PgNode; readonly before: Catalog; readonly found: readonly Found[] } | undefined

function allActions({ statement: { node }, before }: Judged<PgNode>): readonly Found[] {
  if (last?.node !== node || last.before !== before) last = { node, before, found: findActions(node, before) }
  return last.found
}

function findActions(node: PgNode, before: Catalog): readonly Found[] {
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.objtype === 'OBJECT_INDEX') return none
  const { relation: range, cmds = [], objtype = 'OBJECT_TABLE' } = node.AlterTableStmt
  const key = relationKey(range ?? {}, before)
  if (!isOld(key, before)) return none
  return cmds
    .flatMap((each) => ('AlterTableCmd' in each ? [each.AlterTableCmd] : []))
    .map((command) => ({ key, relation: before.relations.get(key), command, objtype }))
}

/** A relation that was there before the migrations being judged; one that the catalog does not know counts as such if it may exist. */
export function isOld(key: string, catalog: Catalog): boolean {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog.knowledge === 'partial' && !key.startsWith('pg_temp.')
  return !relation.isNew && relation.schema !== 'pg_temp'
}

export function oldOnes(keys: readonly string[], catalog: Catalog): readonly string[] {
  return keys.filter((key) => isOld(key, catalog))
}

/** ADD CONSTRAINT's constraint. */
export function constraintIn({ command }: Found): Constraint | undefined {
  return command.def !== undefined && 'Constraint' in command.def ? command.def.Constraint : undefined
}

/** ADD COLUMN's column, or the new type of ALTER COLUMN TYPE. */
export function columnIn({ command }: Found): ColumnDef | undefined {
  return command.def !== undefined && 'ColumnDef' in command.def ? command.def.ColumnDef : undefined
}

export function columnOf({ relation }: Found, name: string | undefined): Column | undefined {
  return relation?.columns.find((column) => column.name === name)
}

/** Who waits behind the lock on a table: for messages. */
export function waiting({ locks }: Facts, key: string): string {
  const lock = locks.find(({ relation }) => relation === key)
  if (lock?.blocksReads === true) return 'all reads and writes'
  return lock?.blocksWrites === true ? 'all writes' : 'other schema changes'
}

/** ` (about 2,000,000 rows)` where the catalog has an estimate. */
export function sizeOf(key: string, catalog: Catalog): string {
  const rows = catalog.relations.get(key)?.rows
  return rows === undefined ? '' : ` (about ${rows.toLocaleString('en-US')} rows)`
}

/** ` if ...` or ` unless ...`: what the catalog could not settle. */
export function condition({ condition: text }: Facts): string {
  return text === undefined ? '' : ` (${text})`
}

/** `a, b and c` */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
