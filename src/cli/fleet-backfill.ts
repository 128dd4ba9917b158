import { postgresEngine } from '../engines.ts'
import type { TargetDone } from '../fleet/options.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { FleetListener, FleetTarget } from '../model/fleet.ts'
import type { TimedEvent } from '../model/event.ts'
import { oneStatement } from '../verbs/backfill-definition.ts'
import { sqlOf } from './backfill-run.ts'
import type { FleetRequest } from './fleet-control.ts'
import { connectionTo, printFleetTarget } from './fleet-control.ts'
import { backfillIdentity } from './fleet-identity.ts'
import type { TargetRunning } from './fleet-part.ts'
import { takePart } from './fleet-part.ts'
import type { PreparedBackfill } from './prepared-backfill.ts'
import { backfillEvents, prepareBackfill, runPrepared } from './prepared-backfill.ts'
import { fleetError } from './fleet-backfill-error.ts'

export type FleetBackfillRequest = FleetRequest & { readonly name: string | undefined }

/** One backfill in every target. What is done in each is in that target's own row: whoever asks it again goes on from there. */
export async function fleetBackfill(request: FleetBackfillRequest): Promise<number> {
  const asked = await wanted(request)
  return await takePart(request, {
    job: { kind: 'backfill', name: asked.name },
    identity: backfillIdentity(request, asked.name, asked.sql),
    intent: `Run the backfill ${asked.name} in`,
    run: async (target, running) => await backfillIn(target, { request, asked, running }),
  })
}

interface Asked {
  readonly name: string
  readonly sql: string
  /** What the SQL holds of data: it leaves this machine only for the targets. */
  readonly data: readonly string[]
}

/** All that can be told without a target is told before the first one. */
async function wanted(request: FleetBackfillRequest): Promise<Asked> {
  const { invocation, name } = request
  const { restart, verify } = invocation.options
  if (name === undefined || name === '')
    throw new LockkeeperError('usage', 'Which one? lockkeeper fleet backfill NAME.', {
      hint: 'The name is what each target keeps it under.',
    })
  if (restart === true) throw restarted(name)
  if (/\.[cm]?[jt]s(?:#.+)?$/.test(invocationFile(request)))
    throw new LockkeeperError('usage', 'A fleet takes a backfill of SQL, not a module.', {
      hint: 'Run it with lockkeeper backfill run in each target.',
    })
  const sql = await sqlOf(request)
  if (sql === undefined) throw new LockkeeperError('usage', 'What is it to do?', { hint: 'Give --sql "UPDATE ..." or --file FILE.' })
  const engine = await postgresEngine()
  const texts = verify === undefined ? [] : engine.parse(new TextEncoder().encode(verify))
  return { name, sql, data: [oneStatement(engine, sql), ...texts].flatMap((statement) => engine.constants(statement)) }
}

function invocationFile({ invocation }: FleetRequest): string {
  return invocation.options.file ?? ''
}

function restarted(name: string): LockkeeperError {
  return new LockkeeperError(
    'usage',
    '--restart is not for a fleet: each retry, and each machine that takes a target over, would restart it.',
    {
      hint: `Give the backfill another name, or run lockkeeper backfill run ${name} --restart in the targets that need it.`,
    },
  )
}

interface InTarget {
  readonly request: FleetRequest
  readonly asked: Asked
  readonly running: TargetRunning
}

async function backfillIn(target: FleetTarget, { request, asked, running }: InTarget): Promise<TargetDone> {
  const { invocation, config, context } = request
  const { signal, listener } = running
  const connection = connectionTo(target, request, signal)
  const counted = countBatches(target, { listener, say: (line) => context.stderr.write(line) })
  let prepared: PreparedBackfill | undefined
  try {
    const { name, sql } = asked
    const what = { kind: 'sql', sql } as const
    prepared = await prepareBackfill({ connection, options: invocation.options, config, name, what, root: context.cwd }, (opened) =>
      printFleetTarget(request, target, opened),
    )
    // A standby that a flag names is one of one server's; each server knows its own.
    const { rows } = await runPrepared(prepared, { replicas: [], signal, listener: backfillEvents(asked.name, counted.listener) })
    return { steps: counted.batches(), rows }
  } catch (error) {
    const { definition } = prepared ?? {}
    throw fleetError(error, { name: asked.name, data: asked.data, definition, committed: counted.batches() > 0 })
  }
}

interface Counted {
  readonly listener: (event: TimedEvent) => void
  /** Those of this machine that changed rows. */
  readonly batches: () => number
}

interface Saying {
  readonly listener: FleetListener
  readonly say: (line: string) => void
}

/** Counts what this machine changes, and says once what holds it. */
function countBatches({ name }: FleetTarget, { listener, say }: Saying): Counted {
  let batches = 0
  let held = false
  return {
    batches: () => batches,
    listener(event) {
      if (event.type === 'batch-done' && event.rows > 0) batches += 1
      if (event.type === 'backfill-held' && !held) say(`${name}: held: ${event.reason}\n`)
      held = event.type === 'backfill-held' || (held && event.type !== 'batch-done')
      listener({ type: 'target-event', target: name, event })
    },
  }
}
