import { LockkeeperError } from '../model/errors.ts'
import type { StoredMigration } from '../model/journal.ts'
import type { Connections } from './connections.ts'
import { reported, type Ledger } from './ledger.ts'
import type { ContractOptions, RunOptions, RunReport } from './options.ts'
import { preflight } from './preflight.ts'
import { runMigration, storedOf } from './run-migration.ts'
import { completable, fold, type Progress } from './state.ts'

/**
 * Takes the contract of what is expanded, from the journal alone (H2): one migration by its name, or all in order up to the first whose gate is
 * closed (`gate-closed`). Changes the target, and takes away the old shape: behind its gate there is no way back.
 */
export async function complete(options: RunOptions & Completing): Promise<RunReport> {
  return await reported(options, (connections, ledger) => completeAll(options, connections, ledger))
}

export interface Completing {
  readonly contract: ContractOptions
  /** Absent: all that are expanded. */
  readonly migration?: string
}

async function completeAll(options: RunOptions & Completing, connections: Connections, ledger: Ledger): Promise<void> {
  const journal = options.engine.journal(connections.work)
  const progress = fold(await journal.read(options.plan.project))
  const stored: StoredMigration[] = []
  for (const id of whichToComplete(options.migration, progress)) stored.push(await storedOf(id, options, connections))
  await preflight({ ...options, plan: { ...options.plan, migrations: stored.map(({ migration }) => migration) } }, connections)
  for (const one of stored) await runMigration({ stored: one, resumed: true }, { options, connections, ledger })
}

/** Nothing where nothing is left to do: a pipeline runs it after each deploy. A contract in the middle is gone on with. */
function whichToComplete(wanted: string | undefined, progress: Progress): readonly string[] {
  const open = completable(progress)
  if (wanted === undefined || open.includes(wanted)) return wanted === undefined ? open : [wanted]
  const state = progress.get(wanted)?.state
  // Somebody else, or an earlier run whose answer was lost, has done it.
  if (state === 'complete') return []
  throw new LockkeeperError('nothing-to-complete', `${wanted} is not expanded: ${state ?? 'lockkeeper never began it'}`)
}
