import { LockkeeperError } from '../model/errors.ts'
import type { Engine } from '../model/engine.ts'
import type { StoredMigration } from '../model/journal.ts'
import type { Migration } from '../model/migration.ts'
import type { Session } from '../model/session.ts'
import { Connections } from '../run/connections.ts'
import { inFlight } from '../run/state.ts'
import { present } from '../std/present.ts'
import type { LoadedMigrations } from './load-migrations.ts'
import type { Standing } from './states.ts'
import { standingsOf } from './states.ts'
import type { Connection, Situation } from './target.ts'
import { readSituation } from './target.ts'

/** Commands that change what is recorded and nothing else. */
export interface RecordOptions {
  readonly engine: Engine
  readonly connection: Connection
  readonly loaded: LoadedMigrations
  readonly project?: string
  readonly toolVersion: string
  readonly runLockTimeoutMs: number
  readonly terminateOrphan: boolean
  readonly signal: AbortSignal
}

/** The database's own waits: a history table that the ORM's deploy holds is let go within seconds, or not at all. */
const lockTimeoutMs = 2_000
const reconnectMs = 10_000

interface Recorder {
  readonly work: Session
  readonly situation: Situation
  readonly standings: readonly Standing[]
}

/**
 * Records migrations as applied, in our journal and in the ORM's history, without running anything. Without `names`: all that
 * are not. Gives the names recorded. Throws `in-flight`, `migration-unknown`.
 */
export async function baseline(options: RecordOptions, to?: string): Promise<readonly string[]> {
  return await recording(options, async (recorder) => {
    refuseInFlight(recorder.situation)
    const upTo = to === undefined ? recorder.standings : recorder.standings.slice(0, indexOf(recorder.standings, to) + 1)
    const missing = upTo.filter(({ state }) => state !== 'complete' && state !== 'expanded')
    await recordApplied(recorder, missing, options)
    return missing.map((standing) => standing.migration.id)
  })
}

/** Records one migration as applied, whatever became of it. In flight, it counts as complete from now on. */
export async function resolveApplied(options: RecordOptions, name: string): Promise<void> {
  await recording(options, async (recorder) => {
    await recordApplied(recorder, recorder.standings.slice(indexOf(recorder.standings, name)).slice(0, 1), options)
  })
}

/** Records one migration as not applied: it is pending again, for us and for the ORM. */
export async function resolveRolledBack(options: RecordOptions, name: string): Promise<void> {
  await recording(options, async ({ work, situation, standings }) => {
    const standing = standings[indexOf(standings, name)]
    if (standing === undefined) return
    const { migration } = standing
    const journal = options.engine.journal(work)
    const mine = situation.progress.has(name) ? journal.recordSql(situation.project, { type: 'migration-aborted', migration: name }) : []
    await commit(work, [...(situation.history?.rollBack(migration) ?? []), ...mine])
  })
}

async function recording<T>(options: RecordOptions, act: (recorder: Recorder) => Promise<T>): Promise<T> {
  const { engine, connection, loaded, signal } = options
  const { runLockTimeoutMs, terminateOrphan } = options
  await using connections = await Connections.open({ engine, connect: connection, runLockTimeoutMs, reconnectMs, terminateOrphan, signal })
  const { work } = connections
  await work.refuseReadOnly()
  const situation = await readSituation(
    { engine, session: work, ...present({ schema: connection.schema }), [Symbol.asyncDispose]: async () => {} },
    loaded,
    options.project,
  )
  await engine.journal(work).install()
  return await act({ work, situation, standings: standingsOf(loaded.migrations, situation) })
}

// All in one transaction: the ORM's table is made once, and a failure records nothing.
async function recordApplied({ work, situation }: Recorder, standings: readonly Standing[], options: RecordOptions): Promise<void> {
  const { project, progress, history } = situation
  const journal = options.engine.journal(work)
  const missing = standings.filter((standing) => standing.ormRecorded === false)
  const orm =
    history === undefined || missing.length === 0
      ? []
      : [...history.create, ...missing.flatMap(({ migration }) => history.finish(migration))]
  const mine = standings.flatMap(({ migration }) => {
    const begun = progress.get(migration.id)?.state
    const start = begun === undefined || begun === 'aborted' ? journal.startSql(project, stored(migration, options)) : []
    return [...start, ...journal.recordSql(project, { type: 'migration-done', migration: migration.id })]
  })
  if (mine.length > 0) await commit(work, [...mine, ...orm])
}

function stored({ id, source, file, checksum, body, history }: Migration, { toolVersion }: RecordOptions): StoredMigration {
  return {
    migration: { id, source, file, checksum, checks: [], steps: [], blocked: [] },
    bytes: body.bytes,
    history,
    source,
    allowed: [],
    startedAt: new Date(),
    toolVersion,
  }
}

// One message of the simple protocol is one transaction.
async function commit(work: Session, statements: readonly string[]): Promise<void> {
  await work.script([`set local lock_timeout = ${lockTimeoutMs}`, ...statements])
}

function indexOf(standings: readonly Standing[], name: string): number {
  const at = standings.findIndex((standing) => standing.migration.id === name)
  if (at < 0) throw new LockkeeperError('migration-unknown', `There is no migration "${name}".`, { details: { migration: name } })
  return at
}

function refuseInFlight({ progress }: Situation): void {
  const open = inFlight(progress)
  if (open.length > 0) throw new LockkeeperError('in-flight', `In flight: ${open.join(', ')}.`, { details: { migrations: open } })
}
