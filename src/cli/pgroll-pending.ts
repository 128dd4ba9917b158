import { LockkeeperError } from '../model/errors.ts'
import type { Context, Invocation } from './command.ts'
import { needConnection } from './connection.ts'
import { loadWorkspace, openWorkspace } from './workspace.ts'

/** The files of the folder that are not applied, in their order, by their ids. Reads only. */
export async function pendingFiles(invocation: Invocation, context: Context): Promise<readonly string[]> {
  const workspace = await openWorkspace(invocation, context)
  const connection = await needConnection({ options: invocation.options, config: workspace.config }, context)
  const { openTarget } = await import('../verbs/target.ts')
  const { readStatus } = await import('../verbs/status.ts')
  const { throwAwayDatabases } = await import('../verbs/throw-away.ts')
  await using throwAway = throwAwayDatabases(context.signal)
  const loaded = await loadWorkspace(workspace, context, throwAway)
  await using target = await openTarget(connection)
  const { migrations } = await readStatus(target, loaded, workspace.config.project)
  const isOpen = (state: string) => state !== 'complete' && state !== 'expanded'
  return migrations.filter(({ state }) => isOpen(state)).map(({ id }) => id)
}

/** Throws `usage` where other files would have to go first. */
export function refuseEarlier(id: string, pending: readonly string[], folder: string): void {
  const [first] = pending
  if (first === undefined || first === id || !pending.includes(id)) return
  throw new LockkeeperError('usage', `${first} comes before ${id} and is not applied yet.`, {
    hint: `Start that one first, or take all that is pending: lockkeeper migrate ${folder}.`,
    details: { migration: id },
  })
}

/** Throws `usage` where the user expected one file. */
export function refuseMore(pending: readonly string[]): void {
  if (pending.length <= 1) return
  throw new LockkeeperError('usage', `${pending.length} files are pending, and --expect-one was given: ${pending.join(', ')}.`, {
    hint: 'Nothing was changed. Leave --expect-one out to take them all.',
  })
}
