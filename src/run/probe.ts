import { LockkeeperError } from '../model/errors.ts'
import type { SqlStep } from '../model/plan.ts'
import type { StepContext } from './step-context.ts'
import { supervise } from './supervise.ts'

/**
 * Asks the catalog about a step: did an earlier try, or the server itself, finish it, or leave a half-built object?
 * A leftover is taken away first, so that the step can begin from nothing. Never trusts a name alone: the probe compares
 * definition and validity (H1).
 */
export async function lookForLeftovers(step: SqlStep, context: StepContext): Promise<'done' | 'absent'> {
  const { probe } = step
  if (probe === undefined) return 'absent'
  for (let tries = 0; tries < 3; tries++) {
    const state = await stateOf(probe.sql, step, context)
    if (state !== 'leftover') return state
    for (const sql of probe.cleanup)
      await supervise(step.id, context, () => context.connections.work.script([sql], { signal: context.options.signal }))
  }
  throw new LockkeeperError('object-changed', `${step.title}: what a failed try left behind could not be removed`, {
    details: { step: step.id, cleanup: probe.cleanup },
  })
}

async function stateOf(sql: string, step: SqlStep, context: StepContext): Promise<'done' | 'absent' | 'leftover'> {
  const [row] = await context.connections.work.query(sql)
  const state = row?.['state']
  if (state === 'done' || state === 'absent' || state === 'leftover') return state
  throw new LockkeeperError('object-changed', `${step.title}: an object of that name exists and is not what this step makes`, {
    details: { step: step.id, found: state ?? 'nothing' },
  })
}
