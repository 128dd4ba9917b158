import type { Catalog, Column, Relation } from '../../model/catalog.ts'
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
  const node = statement.node
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.relation === undefined) return undefined
  const { relation: range, cmds = [] } = node.AlterTableStmt
  const [first] = cmds
  const action = first !== undefined && 'AlterTableCmd' in first ? first.AlterTableCmd : undefined
  const relation = findRelation(range, before)
  if (cmds.length !== 1 || action?.subtype !== subtype || relation === undefined || !isOldTable(relation)) return undefined
  if (range.inh !== true && relation.children.length > 0) return undefined
  return { key: relationKey(range, before), relation, action }
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

/** Columns of the primary key, in its order; empty where there is none. */
export function primaryKeyOf(relation: Relation): readonly string[] {
  return relation.constraints.find((constraint) => constraint.kind === 'primary-key')?.columns ?? []
}

/** Whether any of the tables is one of this run. */
export function isNewRelation(key: string, catalog: Catalog): boolean {
  return catalog.relations.get(key)?.isNew ?? false
}
