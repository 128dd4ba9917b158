import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { relationKey } from '../names.ts'
import type { PartitionCmd, PgNode } from '../node.ts'
import { boundCondition } from '../partition-bounds.ts'
import { dropProof, proofCheck, proofOf, provingDrafts, type Proof } from './_helper-check.ts'
import { writeSteps, type Draft } from './_step.ts'
import { alterTarget, type Target } from './_target.ts'

/** The CHECKs go again in the transaction of ATTACH PARTITION, which has their tables locked anyway. */
export const attachPartitionProven: Rewrite<PgNode> = {
  id: 'attach-partition-proven',
  why: 'ATTACH PARTITION reads the new partition, and a default one, under ACCESS EXCLUSIVE, unless a valid CHECK says what the bound says. Such a CHECK is added unchecked and validated with nobody waiting; ATTACH then takes an instant.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ATTACH-PARTITION; measured on 13 and 18 by the message that the constraint is implied',
  match(judged, at, options) {
    const wanted = wantedOf(judged[at])
    if (wanted === undefined || obstacleTo(wanted) !== undefined) return undefined
    const proofs = proofsOf(wanted)
    if (proofs.length === 0) return undefined
    const { before } = wanted.current
    const proving = proofs.flatMap(({ table, name, condition }) => provingDrafts(table, name, condition))
    return {
      takes: 1,
      steps: writeSteps([...proving, attachDraft(wanted, proofs)], before, options),
      checks: proofs.flatMap((proof) => proofCheck(proof, { judged, at, options })),
    }
  },
  whyNot(judged, at) {
    const wanted = wantedOf(judged[at])
    return wanted === undefined ? undefined : obstacleTo(wanted)
  },
}

interface Wanted {
  readonly current: Judged<PgNode>
  readonly target: Target
  readonly command: PartitionCmd
  readonly child: string
  /** Old tables that the statement as written would read. */
  readonly read: readonly string[]
}

function wantedOf(current: Judged<PgNode> | undefined): Wanted | undefined {
  const target = current === undefined ? undefined : alterTarget(current, 'AT_AttachPartition')
  const def = target?.action.def
  if (current === undefined || target === undefined || def === undefined || !('PartitionCmd' in def)) return undefined
  const { facts, before } = current
  const read = [...facts.scans, ...facts.builds].filter((table) => before.relations.get(table)?.isNew === false)
  return { current, target, command: def.PartitionCmd, child: relationKey(def.PartitionCmd.name ?? {}, before), read }
}

/** What a CHECK cannot spare the server. */
function obstacleTo({ current, target, command, child }: Wanted): string | undefined {
  const { facts, before } = current
  if (facts.builds.length > 0)
    return `${child} lacks an index that ${target.key} has, which the server would build under ACCESS EXCLUSIVE; build it first with CREATE INDEX CONCURRENTLY (for a key, then ADD CONSTRAINT ... USING INDEX)`
  if (before.relations.get(child)?.children.length !== 0) return `${child} is partitioned itself; attach its partitions to it afterwards`
  if (lacksForeignKey(target, before.relations.get(child)))
    return `${child} lacks a foreign key that ${target.key} has, which the server would check under the lock; add it first NOT VALID, then VALIDATE CONSTRAINT`
  if (boundCondition(target.relation, command.bound) !== undefined) return undefined
  if (target.relation.partitionBy?.strategy === 'hash')
    return 'no CHECK can prove the bound of a hash partition to the server; attach the table while it is empty'
  if (command.bound?.is_default === true) return 'no CHECK is written for a default partition; attach the table while it is empty'
  return 'the bound can be put into a CHECK only where the key is one column, compared as usual, and the bound is of plain constants'
}

function lacksForeignKey({ relation }: Target, child: Relation | undefined): boolean {
  const own = (child?.constraints ?? []).filter(({ kind, valid }) => kind === 'foreign-key' && valid)
  return relation.constraints.some(({ kind, definition }) => kind === 'foreign-key' && !own.some((each) => each.definition === definition))
}

function proofsOf({ current, target, command, child, read }: Wanted): readonly Proof[] {
  const { before } = current
  const condition = boundCondition(target.relation, command.bound) ?? ''
  return read.flatMap((table) => proofOf(table, table === child ? condition : `NOT (${condition})`, before))
}

function attachDraft({ current, target, child }: Wanted, proofs: readonly Proof[]): Draft {
  return {
    kind: 'draft',
    id: `attach-${child}`,
    title: `attach ${child} to ${target.key}, proven by the helper check, and drop that (${proofs.map(({ table }) => table).join(' and ')} locked for an instant)`,
    phase: 'expand',
    sql: [current.statement.sql, ...proofs.map(dropProof)],
    undo: {
      kind: 'forward-only',
      why: `${child} is a partition by now; ALTER TABLE ${target.key} DETACH PARTITION ${child} takes it out again`,
    },
  }
}
