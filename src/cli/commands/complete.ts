import { present } from '../../std/present.ts'
import type { Command } from '../command.ts'
import { needConnection, replicasOf } from '../connection.ts'
import { contractFlags, contractOptions } from '../contract-flags.ts'
import { flags, targetFlags } from '../options.ts'
import { progressListener } from '../progress.ts'
import { confirmed } from '../recording.ts'
import { runSettings } from '../run-settings.ts'
import { printTarget } from '../target-line.ts'
import { openWorkspace } from '../workspace.ts'

export const complete: Command = {
  name: 'complete',
  summary: 'take the old shape away, once the evidence says that nobody needs it',
  description:
    'Runs the contract of what is expanded: each gate is asked first, and where one is closed nothing is changed (status 3, with the evidence). Works from the journal, without the files, from any machine.',
  arguments: [{ name: '[migration]', description: 'which one; without it all that are expanded, in order, up to the first closed gate' }],
  options: [
    ...targetFlags,
    ...contractFlags,
    flags.window,
    flags.lockTimeout,
    flags.maxLockWait,
    flags.replicaUrl,
    flags.maxAttempts,
    flags.runLockTimeout,
    flags.terminateOrphan,
    flags.events,
    flags.yes,
    flags.json,
  ],
  async run(invocation, context) {
    const { options } = invocation
    const [migration] = invocation.arguments
    const { config } = await openWorkspace({ ...invocation, arguments: [] }, context)
    const contract = contractOptions(options, config)
    const connect = await needConnection({ options, config }, context)
    const { completeExpanded, lookExpanded } = await import('../../verbs/complete.ts')
    const scene = await lookExpanded(connect, present({ project: config.project, migration }), ({ session }) =>
      printTarget(context, session, connect.role),
    )
    const { applyJson, applyText } = await import('../../report/apply.ts')
    if (scene.migrations.length === 0) {
      context.stdout.write(options.json === true ? applyJson(scene.plan, nothingDone, 'complete') : 'Nothing is expanded.\n')
      return 0
    }
    if (!(await confirmed(invocation, context, `Take the old shape of ${scene.migrations.join(', ')} away for good?`))) return 1
    await using progress = await progressListener(context, options.events)
    const settings = runSettings({ options, config, context, listener: progress.listener })
    const replicas = replicasOf({ options, config }, connect)
    const ran = await completeExpanded(scene, { ...settings, connect, replicas, contract, ...present({ migration }) })
    context.stdout.write(options.json === true ? applyJson(ran.plan, ran.report, 'complete') : applyText(context, ran.report))
    return 0
  },
}

const nothingDone = { migrations: [], summary: { longestLockHeldMs: 0, steps: 0, attempts: 0, ms: 0 } }
