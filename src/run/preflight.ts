import { LockkeeperError } from '../model/errors.ts'
import type { PlannedMigration, Step } from '../model/plan.ts'
import type { Need } from '../model/session.ts'
import { citusTables } from './citus.ts'
import type { Connections } from './connections.ts'
import { emitter, type RunOptions } from './options.ts'

/**
 * What must hold before step 1, or nothing is changed: a primary that takes writes, every blocked hazard
 * allowed by name, the rights that the steps need, and a journal.
 */
export async function preflight(options: RunOptions, connections: Connections): Promise<void> {
  await connections.work.refuseReadOnly()
  options.plan.migrations.forEach((migration) => refuseBlocked(migration, options))
  await lookForCitus(options, connections)
  await refuseWithoutRights(options, connections)
  await nameUnasked(options, connections)
  await options.engine.journal(connections.work).install()
}

/** Their names do not say which of them a URL means: where there are more than are asked, all are named. */
async function nameUnasked({ listener }: RunOptions, connections: Connections): Promise<void> {
  const standbys = await connections.work.standbys()
  if (standbys.length > connections.replicaCount) emitter(listener)({ type: 'standbys-not-asked', standbys })
}

async function lookForCitus({ plan, listener }: RunOptions, connections: Connections): Promise<void> {
  const citus = await connections.work.citus()
  if (citus === undefined) return
  const relations = citusTables(citus, plan.migrations)
  if (relations.length > 0) emitter(listener)({ type: 'citus-tables', version: citus.version, relations })
}

function isAllowed(rule: string, migration: string, allowed: readonly string[]): boolean {
  return allowed.includes(rule) || allowed.includes(`${rule}:${migration}`)
}

function refuseBlocked(migration: PlannedMigration, { allowed }: RunOptions): void {
  const blocked = migration.blocked.filter((hazard) => !isAllowed(hazard.rule, migration.id, allowed))
  const [first] = blocked
  if (first === undefined) return
  throw new LockkeeperError(
    'blocked-by-rule',
    `${migration.id} stops here: ${blocked.map((hazard) => `${hazard.rule}: ${hazard.message}`).join('; ')}`,
    {
      hint: `${first.fix} Or, if you accept it: --allow ${first.rule}:${migration.id}`,
      details: { migration: migration.id, rules: blocked.map((hazard) => hazard.rule) },
    },
  )
}

async function refuseWithoutRights(options: RunOptions, connections: Connections): Promise<void> {
  const needs = options.plan.migrations.flatMap((migration) => migration.steps.flatMap(needsOf))
  if (needs.length === 0) return
  const missing = [...new Set(await connections.work.missingRights(needs))]
  if (missing.length === 0) return
  throw new LockkeeperError('no-rights', `${missing.join('; ')}: the plan cannot run`, { details: { missing } })
}

/** A table that we lock so that readers wait is one that we alter; one where only writers wait may be a referenced parent. */
function needsOf(step: Step): readonly Need[] {
  switch (step.kind) {
    case 'backfill':
      return [{ relation: step.work.relation, need: 'write' }]
    case 'code':
    case 'gate':
      return []
    case 'each':
      return [{ relation: step.relation, need: 'own' }]
    case 'sql':
      return step.locks.flatMap((lock): readonly Need[] => {
        if (lock.mode === 'ACCESS EXCLUSIVE' || lock.mode === 'SHARE') return [{ relation: lock.relation, need: 'own' }]
        return lock.mode === 'SHARE ROW EXCLUSIVE' ? [{ relation: lock.relation, need: 'reference' }] : []
      })
  }
}
