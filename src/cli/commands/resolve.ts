import { LockkeeperError } from '../../model/errors.ts'
import type { Command } from '../command.ts'
import { flags, targetFlags } from '../options.ts'
import { recordOptions } from '../recording.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const resolve: Command = {
  name: 'resolve',
  summary: 'say by hand what became of a migration',
  description: 'Nothing is run: only the journal and the history of the ORM are changed. Give exactly one of --applied and --rolled-back.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [...targetFlags, flags.applied, flags.rolledBack, flags.json, flags.runLockTimeout],
  async run(invocation, context) {
    const { applied, rolledBack, json } = invocation.options
    const name = applied ?? rolledBack
    if (name === undefined || (applied !== undefined && rolledBack !== undefined))
      throw new LockkeeperError('usage', 'resolve needs either --applied NAME or --rolled-back NAME.')
    const workspace = await openWorkspace(invocation, context)
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const options = await recordOptions(invocation, context, workspace)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    const { resolveApplied, resolveRolledBack } = await import('../../verbs/record.ts')
    if (applied !== undefined) await resolveApplied({ ...options, loaded }, name)
    else await resolveRolledBack({ ...options, loaded }, name)
    const state = applied === undefined ? 'rolled back' : 'applied'
    context.stdout.write(
      json === true
        ? `${JSON.stringify({ format: 1, command: 'resolve', migration: name, state }, null, 2)}\n`
        : `${name} is recorded as ${state}.\n`,
    )
    return 0
  },
}
