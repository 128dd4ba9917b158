import { applyFlags } from '../apply-flags.ts'
import type { Command } from '../command.ts'
import { needConnection } from '../connection.ts'
import { contractFlags } from '../contract-flags.ts'
import { flags, targetFlags } from '../options.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const apply: Command = {
  name: 'apply',
  summary: 'take what is pending through the locks of a busy database',
  description:
    'Looks first at what could go wrong, goes on with what was interrupted, then takes each step and records the result in the history of the ORM.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [...targetFlags, flags.plan, flags.complete, ...contractFlags, flags.replicaUrl, ...applyFlags],
  async run(invocation, context) {
    const { options } = invocation
    const workspace = await openWorkspace(invocation, context)
    const { config } = workspace
    const connection = await needConnection({ options, config }, context)
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    const { applyPending } = await import('../apply-pending.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    return await applyPending({ invocation, context, config, connection, loaded })
  },
}
