import type { Blocker, Event } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { WayStep } from './document.ts'

/** An event of a run with the moment of our own clock when it was heard, in milliseconds since the migration began. */
export interface Heard {
  readonly atMs: number
  readonly event: Event
}

/** Every step of the plan that was done, in order, with what the events tell of it. */
export function stepsOf(plan: Plan, heard: readonly Heard[]): readonly WayStep[] {
  return plan.migrations.flatMap((migration) =>
    migration.steps.flatMap((step) => {
      const own = heard.filter(({ event }) => 'step' in event && event.migration === migration.id && event.step === step.id)
      const told = toldOf(own)
      const sql = step.kind === 'sql' ? { sql: step.sql } : {}
      return told === undefined ? [] : [{ migration: migration.id, id: step.id, title: step.title, ...told, ...sql }]
    }),
  )
}

type Told = Omit<WayStep, 'migration' | 'id' | 'title' | 'sql'>

function toldOf(own: readonly Heard[]): Told | undefined {
  const started = own.find(({ event }) => event.type === 'step-started')
  const done = own.find(({ event }) => event.type === 'step-done')
  if (started === undefined || done?.event.type !== 'step-done') return undefined
  const { attempts, lockHeldMs, rows } = done.event
  return {
    startMs: started.atMs,
    endMs: done.atMs,
    attempts,
    ...(lockHeldMs === undefined ? {} : { lockHeldMs }),
    ...(rows === undefined ? {} : { rows }),
    ...waitOf(own),
  }
}

/** The last word on its waiting: the runner speaks once a second. */
function waitOf(own: readonly Heard[]): Pick<WayStep, 'waitedMs' | 'waitedFor'> {
  const last = own
    .map(({ event }) => event)
    .findLast((event) => event.type === 'waiting-for-lock' || event.type === 'waiting-for-snapshots')
  if (last === undefined || !('blockers' in last)) return {}
  const [blocker] = last.blockers
  return { waitedMs: Math.round(last.waitedMs), ...(blocker === undefined ? {} : { waitedFor: nameOf(blocker) }) }
}

function nameOf({ application, pid }: Blocker): string {
  if (application !== '') return `"${application}"`
  return pid === null ? 'a prepared transaction' : `the session with pid ${pid}`
}
