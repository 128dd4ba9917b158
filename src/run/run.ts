import { LockkeeperError } from '../model/errors.ts'
import type { StoredMigration } from '../model/journal.ts'
import type { Migration } from '../model/migration.ts'
import type { PlannedMigration } from '../model/plan.ts'
import type { Connections } from './connections.ts'
import { runDataChecks } from './data-checks.ts'
import { reported, type Ledger } from './ledger.ts'
import type { RunOptions, RunReport } from './options.ts'
import { preflight } from './preflight.ts'
import { runMigration, storedOf, type ToRun } from './run-migration.ts'
import { fold, inFlight, type Progress } from './state.ts'

/**
 * Takes a plan through the locks of a database and writes down each act before it does it. What an earlier run left
 * unfinished goes on first, from the plan that the journal stored (H2). Ends at the gate of each migration that has one. Changes the target;
 * throws LockkeeperError, whose details say `committed: true` where this run committed anything (status 5).
 */
export async function run(options: RunOptions): Promise<RunReport> {
  return await reported(options, (connections, ledger) => runAll(options, connections, ledger))
}

async function runAll(options: RunOptions, connections: Connections, ledger: Ledger): Promise<void> {
  await preflight(options, connections)
  const journal = options.engine.journal(connections.work)
  const progress = fold(await journal.read(options.plan.project))
  const todo = await whatToRun(options, connections, progress)
  await runDataChecks(
    todo.filter((one) => !one.resumed).map((one) => one.stored.migration),
    'run',
    { connections, signal: options.signal },
  )
  for (const one of todo) await runMigration(one, { options, connections, ledger })
}

/** What is in flight comes first and as it was planned then; of the plan, what is not complete yet. */
async function whatToRun(options: RunOptions, connections: Connections, progress: Progress): Promise<readonly ToRun[]> {
  const resumed: ToRun[] = []
  for (const id of inFlight(progress)) {
    if (progress.get(id)?.state === 'aborting')
      throw new LockkeeperError('in-flight', `${id} is half taken back`, { hint: `Finish that first: lockkeeper abort ${id}` })
    const stored = await storedOf(id, options, connections)
    refuseChangedFile(stored, options)
    resumed.push({ stored, resumed: true })
  }
  const begun = new Set(resumed.map((one) => one.stored.migration.id))
  const isThere = (id: string) => ['complete', 'expanded'].includes(progress.get(id)?.state ?? '')
  const fresh = options.plan.migrations.filter(({ id }) => !begun.has(id) && !isThere(id))
  return [...resumed, ...fresh.map((migration) => ({ stored: toStore(migration, options), resumed: false }))]
}

/** In flight, the journaled bytes stand; a file that differs is not silently ignored (H12). */
function refuseChangedFile({ migration }: StoredMigration, { migrations }: RunOptions): void {
  const file = migrations.find((candidate) => candidate.id === migration.id)
  if (file === undefined || file.checksum === migration.checksum) return
  throw new LockkeeperError('file-changed', `${file.file} was changed while its migration is in flight`, {
    details: { migration: migration.id, file: file.file },
  })
}

function toStore(migration: PlannedMigration, options: RunOptions): StoredMigration {
  const file = fileOf(migration, options)
  return {
    migration,
    source: migration.source,
    bytes: file.body.bytes,
    history: file.history,
    allowed: options.allowed,
    startedAt: new Date(),
    toolVersion: options.toolVersion,
    ...(options.history === undefined ? {} : { ledger: { schema: options.history.schema, table: options.history.table } }),
  }
}

function fileOf(migration: PlannedMigration, { migrations }: RunOptions): Migration {
  const file = migrations.find((candidate) => candidate.id === migration.id)
  if (file === undefined) throw new LockkeeperError('plan-stale', `${migration.file} is in the plan but not among the migrations`)
  if (file.checksum !== migration.checksum) throw new LockkeeperError('plan-stale', `${migration.file} was changed since the plan was made`)
  return file
}
