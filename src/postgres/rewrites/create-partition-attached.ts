import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { creationKey, relationKey } from '../names.ts'
import { sameTree, type CreateStmt, type PgNode } from '../node.ts'
import { parseOne, sourceOf, textOfTokens, tokenAt } from '../source.ts'
import { cleanup, writeSteps, type Draft } from './_step.ts'
import { isOldTable, onlyAction } from './_target.ts'

/**
 * Only where the end is the same to the last flag: indexes, keys, foreign keys, triggers and identity come with ATTACH PARTITION, which
 * gives them the same names. What has columns, options or partitions of its own stays as written: its lock is short.
 */
export const createPartitionAttached: Rewrite<PgNode> = {
  id: 'create-partition-attached',
  why: 'CREATE TABLE ... PARTITION OF takes ACCESS EXCLUSIVE on the partitioned table, so everyone waits behind it while it waits for the longest query. A table made like it and then attached takes SHARE UPDATE EXCLUSIVE, behind which nobody waits.',
  source: 'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE; measured on 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const draft = current === undefined ? undefined : draftOf(current)
    if (current === undefined || draft === undefined) return undefined
    return { takes: 1, steps: writeSteps([draft], current.before, options), checks: [] }
  },
}

function draftOf({ statement, before, facts }: Judged<PgNode>): Draft | undefined {
  if (!('CreateStmt' in statement.node)) return undefined
  const create = statement.node.CreateStmt
  const parent = parentOf(create, before)
  // A default partition that has to be read is locked for as long as that takes, in this way too.
  if (parent === undefined || facts.scans.length > 0 || !isPlain(create)) return undefined
  const child = creationKey(create.relation ?? {}, before)
  const attach = attachText(statement.sql, { parent: parent.key, child })
  if (attach === undefined || before.relations.has(child)) return undefined
  const including = ['DEFAULTS', 'GENERATED', 'CONSTRAINTS', 'STORAGE', ...(before.server.version >= 14 ? ['COMPRESSION'] : [])]
  return {
    kind: 'draft',
    id: `create-partition-${child}`,
    title: `create ${child} like ${parent.key} and attach it, without locking out anyone`,
    phase: 'expand',
    sql: [`CREATE TABLE ${child} (LIKE ${parent.key} ${including.map((what) => `INCLUDING ${what}`).join(' ')})`, attach],
    undo: cleanup(`DROP TABLE IF EXISTS ${child}`),
  }
}

/** An old partitioned table, without a tablespace or access method that its partitions would take over. */
function parentOf(create: CreateStmt, catalog: Catalog): { readonly key: string; readonly relation: Relation } | undefined {
  const [node, ...more] = create.inhRelations ?? []
  if (create.partbound === undefined || node === undefined || !('RangeVar' in node) || more.length > 0) return undefined
  const key = relationKey(node.RangeVar, catalog)
  const relation = catalog.relations.get(key)
  return relation === undefined || !isOldTable(relation) || relation.ownStorage === true ? undefined : { key, relation }
}

function isPlain({ relation, tableElts, partspec, options, tablespacename, accessMethod, if_not_exists }: CreateStmt): boolean {
  const extras = [...(tableElts ?? []), ...(options ?? [])]
  return (
    relation?.relpersistence === 'p' &&
    extras.length === 0 &&
    partspec === undefined &&
    tablespacename === undefined &&
    accessMethod === undefined &&
    if_not_exists !== true
  )
}

/** The bound in the user's own bytes; undefined where it cannot be cut with certainty. */
function attachText(sql: string, { parent, child }: { readonly parent: string; readonly child: string }): string | undefined {
  const source = sourceOf({ sql })
  const bound = 'CreateStmt' in source.node ? source.node.CreateStmt.partbound : undefined
  // The place of a bound is that of FROM, IN or WITH, behind FOR VALUES.
  const at = tokenAt(source, bound?.location ?? 0) - (bound?.is_default === true ? 0 : 2)
  const text = `ALTER TABLE ${parent} ATTACH PARTITION ${child} ${textOfTokens(source, at)}`
  const made = parseOne(text)
  const def = made === undefined ? undefined : onlyAction(made)?.def
  return def !== undefined && 'PartitionCmd' in def && sameTree(def.PartitionCmd.bound, bound) ? text : undefined
}
