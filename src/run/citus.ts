import type { Citus } from '../model/citus.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { PlannedMigration, Step } from '../model/plan.ts'

/**
 * The tables of a plan that Citus keeps in shards, to be announced. Throws `citus-worker` on a worker, and `citus-unsupported` where a plan
 * changes the rows of such a table in batches: the coordinator's own table is empty (no pages to walk), and SELECT ... FOR UPDATE works only
 * within a single shard.
 */
export function citusTables(citus: Citus, migrations: readonly PlannedMigration[]): readonly string[] {
  if (!citus.coordinator)
    throw new LockkeeperError(
      'citus-worker',
      `This is a worker of a Citus ${citus.version} cluster: what is changed here is changed nowhere else.`,
    )
  const sharded = new Set(citus.tables.filter((table) => table.kind !== 'local').map((table) => table.relation))
  for (const { id, steps } of migrations) steps.forEach((step) => refuseBatches(id, step, sharded))
  const touched = migrations.flatMap(({ steps }) => steps.flatMap(relationsOf)).filter((relation) => sharded.has(relation))
  return [...new Set(touched)].toSorted()
}

function refuseBatches(migration: string, step: Step, sharded: ReadonlySet<string>): void {
  if (step.kind !== 'backfill') return
  const relation = relationsOf(step).find((each) => sharded.has(each))
  if (relation === undefined) return
  throw new LockkeeperError('citus-unsupported', `${migration} changes rows of ${relation} in batches, and Citus keeps them in shards.`, {
    details: { migration, step: step.id, relation },
  })
}

function relationsOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'backfill':
      return [step.work.relation]
    case 'code':
    case 'gate':
      return []
    case 'each':
      return [step.relation]
    case 'sql':
      return step.locks.map((lock) => lock.relation)
  }
}
