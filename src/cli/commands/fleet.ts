import { LockkeeperError } from '../../model/errors.ts'
import type { Command, Context, Invocation } from '../command.ts'
import { flags, targetFlags } from '../options.ts'
import type { Workspace } from '../workspace.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const fleet: Command = {
  name: 'fleet',
  summary: 'one folder of migrations in hundreds of databases, wave after wave',
  description:
    'fleet apply takes part in the work, from any number of machines, and goes on with what was interrupted. fleet status says how far it is; fleet retry makes what failed or was skipped pending again.',
  arguments: [
    { name: '<verb>', description: 'apply, status or retry' },
    { name: '[path]', description: 'the folder of the migrations' },
  ],
  options: [
    flags.controlUrl,
    flags.targetsFile,
    flags.target,
    flags.targetsQuery,
    flags.name,
    flags.concurrency,
    flags.canary,
    flags.wave,
    flags.errorBudget,
    flags.skip,
    ...targetFlags,
    flags.to,
    flags.allow,
    flags.window,
    flags.lockTimeout,
    flags.statementTimeout,
    flags.maxLockWait,
    flags.maxAttempts,
    flags.runLockTimeout,
    flags.terminateOrphan,
    flags.events,
    flags.dryRun,
    flags.yes,
    flags.format,
    flags.json,
  ],
  async run({ arguments: [verb = '', ...path], options }, context) {
    const run = verbs[verb]
    if (run === undefined)
      throw new LockkeeperError('usage', `There is no verb "${verb}" of fleet.`, {
        hint: 'Write fleet apply, fleet status or fleet retry.',
      })
    const invocation = { arguments: path, options }
    return await run(invocation, context, await openWorkspace(invocation, context))
  },
}

type Verb = (invocation: Invocation, context: Context, workspace: Workspace) => Promise<number>

const verbs: { readonly [name: string]: Verb | undefined } = {
  async apply(invocation, context, workspace) {
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    const { fleetApply } = await import('../fleet-apply.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    return await fleetApply({ invocation, context, config: workspace.config, loaded })
  },
  async status(invocation, context, workspace) {
    const { fleetStatus } = await import('../fleet-status.ts')
    return await fleetStatus({ invocation, context, workspace })
  },
  async retry(invocation, context, workspace) {
    const { fleetRetry } = await import('../fleet-status.ts')
    return await fleetRetry({ invocation, context, workspace })
  },
}
