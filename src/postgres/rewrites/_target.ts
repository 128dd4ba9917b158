import type { Column, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { findRelation, relationKey } from '../names.ts'
import type { AlterTableCmd, AlterTableType, PgNode } from '../node.ts'

/** An existing table and the one thing that an ALTER TABLE does to it. */
export interface Target {
  readonly key: string
  readonly relation: Relation
  readonly action: AlterTableCmd
}

/**
 * The table and action of an ALTER TABLE of one action; undefined for anything else, for a table of this run (H16), and for
 * ONLY on a table with partitions or children, which none of the rewrites keeps apart.
 */
export function alterTarget({ statement, before }: Judged<PgNode>, subtype: AlterTableType): Target | undefined {
  const range = 'AlterTableStmt' in statement.node ? statement.node.AlterTableStmt.relation : undefined
  const action = onlyAction(statement.node)
  const relation = range === undefined ? undefined : findRelation(range, before)
  if (range === undefined || action?.subtype !== subtype || relation === undefined || !isOldTable(relation)) return undefined
  if (range.inh !== true && relation.children.length > 0) return undefined
  return { key: relationKey(range, before), relation, action }
}

/** The action of an ALTER TABLE that has one. */
export function onlyAction(node: PgNode): AlterTableCmd | undefined {
  const [first, ...more] = 'AlterTableStmt' in node ? (node.AlterTableStmt.cmds ?? []) : []
  return more.length === 0 && first !== undefined && 'AlterTableCmd' in first ? first.AlterTableCmd : undefined
}

/** A table that someone may be using already. */
export function isOldTable(relation: Relation): boolean {
  return !relation.isNew && (relation.kind === 'table' || relation.kind === 'partitioned')
}

/** Whether anyone would wait behind the statement while it reads, rewrites or builds. */
export function worksUnderLock({ facts }: Judged<PgNode>): boolean {
  const blocks = facts.locks.some((lock) => lock.blocksReads || lock.blocksWrites)
  return blocks && facts.scans.length + facts.rewrites.length + facts.builds.length > 0
}

export function columnOf(relation: Relation | undefined, name: string): Column | undefined {
  return relation?.columns.find((column) => column.name === name)
}

/** Whether the migration itself adds the column. */
export function isAddedHere([first]: readonly Judged<PgNode>[], key: string, column: string): boolean {
  return columnOf(first?.before.relations.get(key), column) === undefined
}

/** Columns of the primary key, in its order; empty where there is none. */
export function primaryKeyOf(relation: Relation): readonly string[] {
  return relation.constraints.find((constraint) => constraint.kind === 'primary-key')?.columns ?? []
}
