import type { Command } from '../command.ts'
import { needConnection } from '../connection.ts'
import { loadConfig } from '../config.ts'
import { flags, targetFlags } from '../options.ts'
import { printTarget } from '../target-line.ts'

export const pull: Command = {
  name: 'pull',
  summary: "as in pgroll: write the files of the database's history that a folder lacks",
  description: 'As YAML, or as JSON with --json. No file is overwritten, and the database is only read.',
  arguments: [{ name: '<folder>', description: 'where the files go' }],
  options: [...targetFlags, flags.json],
  async run({ options, arguments: [folder = ''] }, context) {
    const { config } = await loadConfig(context.cwd, options.config)
    const connection = await needConnection({ options, config }, context)
    const { openTarget } = await import('../../verbs/target.ts')
    const verb = await import('../../verbs/pull.ts')
    await using target = await openTarget(connection)
    printTarget(context, target.session, connection.role)
    const { written, there } = await verb.pull(target, { root: context.cwd, folder, json: options.json === true })
    context.stdout.write(written.map((path) => `${path}\n`).join(''))
    context.stderr.write(`${written.length} written, ${there.length} there already.\n`)
    return 0
  },
}
