import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { creationKey, relationKey } from '../names.ts'
import { sameTree, type CreateStmt, type PartitionBoundSpec, type PgNode } from '../node.ts'
import { parseOne, sourceOf, textOfTokens, tokenAt } from '../source.ts'
import { boundCondition } from '../partition-bounds.ts'
import { dropProof, proofCheck, proofOf, provingDrafts, type Proof } from './_helper-check.ts'
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
    const wanted = wantedOf(judged[at])
    if (wanted === undefined) return undefined
    const { before } = wanted.current
    const proofs = proofsOf(wanted)
    if (proofs === undefined) return undefined
    const proving = proofs.flatMap(({ table, name, condition }) => provingDrafts(table, name, condition))
    const place = { judged, at, options }
    return {
      takes: 1,
      steps: writeSteps([...proving, createDraft(wanted, proofs)], before, options),
      checks: proofs.flatMap((proof) => proofCheck(proof, place)),
    }
  },
  whyNot(judged, at) {
    const wanted = wantedOf(judged[at])
    return wanted !== undefined && proofsOf(wanted) === undefined ? unproven : undefined
  },
}

const unproven =
  'the default partition is read, and no CHECK can be written that spares the server that: only for a key of one column, compared as usual, and a bound of plain constants'

interface Wanted {
  readonly current: Judged<PgNode>
  readonly parent: { readonly key: string; readonly relation: Relation }
  readonly bound: PartitionBoundSpec | undefined
  readonly child: string
  readonly attach: string
}

function wantedOf(current: Judged<PgNode> | undefined): Wanted | undefined {
  if (current === undefined || !('CreateStmt' in current.statement.node)) return undefined
  const { statement, before } = current
  const create = current.statement.node.CreateStmt
  const parent = parentOf(create, before)
  const child = creationKey(create.relation ?? {}, before)
  if (parent === undefined || !isPlain(create) || before.relations.has(child)) return undefined
  const attach = attachText(statement.sql, { parent: parent.key, child })
  return attach === undefined ? undefined : { current, parent, bound: create.partbound, child, attach }
}

/** For a default partition, which the server would read while it is locked. */
function proofsOf({ current: { facts, before }, parent, bound }: Wanted): readonly Proof[] | undefined {
  if (facts.scans.length === 0) return []
  const condition = boundCondition(parent.relation, bound)
  return condition === undefined ? undefined : facts.scans.flatMap((table) => proofOf(table, `NOT (${condition})`, before))
}

function createDraft({ current: { before }, parent, child, attach }: Wanted, proofs: readonly Proof[]): Draft {
  const including = ['DEFAULTS', 'GENERATED', 'CONSTRAINTS', 'STORAGE', ...(before.server.version >= 14 ? ['COMPRESSION'] : [])]
  const locked = proofs.map(({ table }) => table).join(' and ')
  return {
    kind: 'draft',
    id: `create-partition-${child}`,
    title: `create ${child} like ${parent.key} and attach it, without locking that${locked === '' ? '' : ` (${locked} locked for an instant)`}`,
    phase: 'expand',
    sql: [
      `CREATE TABLE ${child} (LIKE ${parent.key} ${including.map((what) => `INCLUDING ${what}`).join(' ')})`,
      attach,
      ...proofs.map(dropProof),
    ],
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
