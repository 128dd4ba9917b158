import type { BackfillState, Wanted } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { StepKey } from '../model/journal.ts'
import type { Connection } from './target.ts'

/** What people call it: its own name, or MIGRATION/STEP. */
export function displayName({ migration, step }: StepKey): string {
  return migration === '' ? step : `${migration}/${step}`
}

interface Told {
  readonly engine: Engine
  readonly connection: Connection
  readonly signal: AbortSignal
}

/** Says from any terminal what is wanted of a backfill that is not done. Workers learn it before their next batch. Throws `backfill-unknown`. */
export async function wantOfBackfill({ engine, connection, signal }: Told, name: string, wanted: Wanted): Promise<BackfillState> {
  await using session = await engine.connect({ ...connection, applicationName: 'lockkeeper', signal })
  const store = engine.backfills(session)
  const there = (await store.list()).filter((state) => displayName(state.key) === name)
  const open = there.find((state) => !state.done)
  if (open === undefined) throw notOpen(name, there.length > 0)
  if (wanted === 'run') await store.revive(open.key)
  await store.want(open.key, wanted)
  return (await store.read(open.key)) ?? open
}

function notOpen(name: string, isDone: boolean): LockkeeperError {
  return new LockkeeperError(
    'backfill-unknown',
    isDone ? `The backfill ${name} is done.` : `There is no backfill ${name} in this database.`,
  )
}
