import type { Command } from '../command.ts'
import { flags } from '../options.ts'
import { confirmed, recordOptions } from '../recording.ts'
import { openWorkspace } from '../workspace.ts'

export const uninstall: Command = {
  name: 'uninstall',
  summary: 'take everything of lockkeeper out of a database',
  description:
    'Drops the schema lockkeeper with the journal. Refuses while a migration is in flight. The history of the ORM stays as it is.',
  arguments: [],
  options: [flags.databaseUrl, flags.envFile, flags.config, flags.role, flags.json, flags.yes, flags.runLockTimeout],
  async run(invocation, context) {
    const workspace = await openWorkspace(invocation, context)
    const options = await recordOptions(invocation, context, workspace)
    if (!(await confirmed(invocation, context, 'Drop the journal of lockkeeper from this database?'))) return 1
    const verb = await import('../../verbs/uninstall.ts')
    const done = await verb.uninstall(options)
    const text = done.removed ? 'The schema lockkeeper is gone.\n' : 'There was nothing of lockkeeper in this database.\n'
    context.stdout.write(
      invocation.options.json === true ? `${JSON.stringify({ format: 1, command: 'uninstall', ...done }, null, 2)}\n` : text,
    )
    if (done.leftovers.length > 0) context.stderr.write(`Still there, on your tables: ${done.leftovers.join(', ')}\n`)
    return 0
  },
}
