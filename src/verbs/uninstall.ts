import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import { Connections } from '../run/connections.ts'
import { expandedIn, fold, inFlight } from '../run/state.ts'
import { displayName } from './backfills.ts'
import { healthOf } from './health.ts'
import type { RecordOptions } from './record.ts'

export interface Uninstalled {
  /** false: there was nothing of ours. */
  readonly removed: boolean
  /** Helper objects on the user's tables that are still there. */
  readonly leftovers: readonly string[]
}

const reconnectMs = 10_000

/** Drops the `lockkeeper` schema. Throws `in-flight` while a migration of any project is unfinished. The ORM's history stays as it is. */
export async function uninstall(options: Omit<RecordOptions, 'loaded' | 'project' | 'toolVersion'>): Promise<Uninstalled> {
  const { engine, connection, runLockTimeoutMs, terminateOrphan, signal } = options
  await using connections = await Connections.open({ engine, connect: connection, runLockTimeoutMs, reconnectMs, terminateOrphan, signal })
  const { work } = connections
  await work.refuseReadOnly()
  const journal = engine.journal(work)
  const there = await journal.exists()
  if (there) await refuseInFlight(engine, connections)
  if (there) await journal.uninstall()
  return { removed: there, leftovers: healthOf(await work.readCatalog()).leftovers }
}

async function refuseInFlight(engine: Engine, { work }: Connections): Promise<void> {
  const backfills = (await engine.backfills(work).list()).filter(({ done, wanted }) => !done && wanted !== 'cancel')
  if (backfills.length > 0)
    throw new LockkeeperError('in-flight', `Backfills that are not done: ${backfills.map(({ key }) => displayName(key)).join(', ')}.`, {
      hint: 'Let them end with lockkeeper backfill run, or give them up with lockkeeper backfill cancel NAME.',
    })
  const journal = engine.journal(work)
  for (const project of await journal.projects()) {
    const progress = fold(await journal.read(project))
    const open = [...inFlight(progress), ...expandedIn(progress)]
    if (open.length > 0)
      throw new LockkeeperError('in-flight', `In flight or expanded in ${project}: ${open.join(', ')}.`, {
        hint: 'Finish each with lockkeeper apply or lockkeeper complete, or take it back with lockkeeper abort.',
        details: { project, migrations: open },
      })
  }
}
