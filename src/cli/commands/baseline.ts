import type { Command } from '../command.ts'
import { flags, targetFlags } from '../options.ts'
import { confirmed, recordOptions } from '../recording.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const baseline: Command = {
  name: 'baseline',
  summary: 'record the migrations that an existing database already has',
  description:
    'Nothing is run: all migrations that are not recorded yet, or those up to --to, are written into the journal and into the history of the ORM.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [...targetFlags, flags.to, flags.json, flags.yes, flags.runLockTimeout],
  async run(invocation, context) {
    const workspace = await openWorkspace(invocation, context)
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const options = await recordOptions(invocation, context, workspace)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    const { to, json } = invocation.options
    const question = `Record ${to === undefined ? 'all migrations' : `the migrations up to ${to}`} as applied, without running them?`
    if (!(await confirmed(invocation, context, question))) return 1
    const verb = await import('../../verbs/record.ts')
    const recorded = await verb.baseline({ ...options, loaded }, to)
    const text =
      recorded.length === 0
        ? 'Everything was recorded already.\n'
        : `Recorded as applied:\n${recorded.map((name) => `  ${name}\n`).join('')}`
    context.stdout.write(json === true ? `${JSON.stringify({ format: 1, command: 'baseline', recorded }, null, 2)}\n` : text)
    return 0
  },
}
