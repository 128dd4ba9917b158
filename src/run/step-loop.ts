import { LockkeeperError } from '../model/errors.ts'
import type { PlannedMigration, Step } from '../model/plan.ts'
import { jitter, sleep } from '../std/sleep.ts'
import type { StepReport } from './options.ts'
import { passGate } from './pass-gate.ts'
import { runBackfill } from './run-backfill.ts'
import { runCode } from './run-code.ts'
import { runEach } from './run-each.ts'
import { runSql } from './run-sql.ts'
import { fold } from './state.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/**
 * Takes a migration from its first unfinished step to its last, or to a gate that is not to be passed in this run (`expanded`). Safe to call
 * again after any crash: a step with a done row is never run or probed again, and one that was started is looked at before it is tried (H1).
 */
export async function runSteps(
  migration: PlannedMigration,
  context: StepContext,
  onStep: (report: StepReport) => void,
): Promise<'complete' | 'expanded'> {
  const done = await persistently(context, () => doneSteps(context))
  for (const step of migration.steps) {
    context.options.signal.throwIfAborted()
    if (done.has(step.id) && !isAskedAgain(step, migration, done))
      onStep({ id: step.id, title: step.title, state: 'done-before', attempts: 0, ms: 0 })
    else if (step.kind === 'gate' && context.options.contract === undefined) return 'expanded'
    else onStep(await runStep(step, context))
  }
  return 'complete'
}

/** A gate that was passed days ago tells nothing of today: as long as nothing behind it is done, it is asked anew (law 5). */
function isAskedAgain(step: Step, { steps }: PlannedMigration, done: ReadonlySet<string>): boolean {
  return step.kind === 'gate' && !steps.slice(steps.indexOf(step) + 1).some(({ id }) => done.has(id))
}

async function doneSteps(context: StepContext): Promise<ReadonlySet<string>> {
  const progress = fold(await journalOf(context).read(context.options.plan.project)).get(context.migration)
  return new Set([...(progress?.steps ?? [])].filter(([, state]) => state === 'done').map(([id]) => id))
}

async function runStep(step: Step, context: StepContext): Promise<StepReport> {
  const { migration, emit } = context
  const began = performance.now()
  const outcome = await persist(step, context)
  const ms = Math.round(performance.now() - began)
  const extra = {
    ...(outcome.heldMs === undefined ? {} : { lockHeldMs: round(outcome.heldMs) }),
    ...(outcome.rows === undefined ? {} : { rows: outcome.rows }),
  }
  emit({ type: 'step-done', migration, step: step.id, ms, attempts: outcome.attempts, ...extra })
  return { id: step.id, title: step.title, state: 'done', attempts: outcome.attempts, ms, ...extra }
}

/** Tries again what the server or the network broke off (law 7): never by undoing work, and only after a look at what happened. */
async function persist(step: Step, context: StepContext): Promise<StepOutcome> {
  const { options, connections, migration, emit } = context
  for (let tries = 0; ; tries++) {
    try {
      // A gate only looks: until it opens, the migration is as it was.
      if (step.kind !== 'gate') await journalOf(context).record(options.plan.project, { type: 'step-started', migration, step: step.id })
      if (tries === 0) emit({ type: 'step-started', migration, step: step.id })
      return await execute(step, context)
    } catch (error) {
      const failure = connections.work.classify(error)
      if (
        options.signal.aborted ||
        (failure !== 'connection-lost' && failure !== 'serialization' && failure !== 'deadlock') ||
        tries >= maxTries
      )
        throw named(error, step, context)
      const inMs = Math.round(jitter(Math.min(1_000, 50 * 2 ** tries)))
      emit({ type: 'retrying', migration, step: step.id, code: failure, message: messageOf(error), inMs })
      await sleep(inMs, options.signal)
      if (failure === 'connection-lost' && (await reconnect(step, context))) return { attempts: 0 }
    }
  }
}

const maxTries = 20

/**
 * What is done between the steps, again after a lost connection. `act` looks first at what is recorded: the server may have committed before the
 * connection went (law 4).
 */
export async function persistently<T>(context: StepContext, act: () => Promise<T>): Promise<T> {
  const { options, connections, migration, emit } = context
  for (let tries = 0; ; tries++) {
    try {
      return await act()
    } catch (error) {
      const isLost = connections.work.classify(error) === 'connection-lost'
      if (options.signal.aborted || !isLost || tries >= maxTries) throw error
      emit({ type: 'retrying', migration, step: 'history', code: 'connection-lost', message: messageOf(error), inMs: 0 })
      const began = performance.now()
      await connections.renew()
      emit({ type: 'reconnected', migration, step: 'history', afterMs: Math.round(performance.now() - began) })
    }
  }
}

/** True where the journal shows that the step was done before the connection went (law 4: we look, we never guess). */
async function reconnect(step: Step, context: StepContext): Promise<boolean> {
  const began = performance.now()
  await context.connections.renew()
  context.emit({ type: 'reconnected', migration: context.migration, step: step.id, afterMs: Math.round(performance.now() - began) })
  return await persistently(context, async () => (await doneSteps(context)).has(step.id))
}

function execute(step: Step, context: StepContext): Promise<StepOutcome> {
  switch (step.kind) {
    case 'sql':
      return runSql(step, context)
    case 'backfill':
      return runBackfill(step, context)
    case 'each':
      return runEach(step, context)
    case 'code':
      return runCode(step, context)
    case 'gate':
      return passGate(step, context)
  }
}

/** Wraps once, here, where the names are known. */
function named(error: unknown, step: Step, { migration, options }: StepContext): unknown {
  if (error instanceof LockkeeperError || options.signal.aborted) return error
  return new LockkeeperError('step-failed', `${migration}, step ${step.id} (${step.title}): ${messageOf(error)}`, {
    cause: error,
    details: { migration, step: step.id, ...serverDetails(error) },
  })
}

function serverDetails(error: unknown): { readonly [key: string]: unknown } {
  if (typeof error !== 'object' || error === null) return {}
  const keys = ['code', 'detail', 'constraint', 'table', 'column'] as const
  return Object.fromEntries(
    keys.flatMap((key) =>
      key in error && (error as Record<string, unknown>)[key] !== undefined
        ? [[key === 'code' ? 'sqlstate' : key, (error as Record<string, unknown>)[key]]]
        : [],
    ),
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
