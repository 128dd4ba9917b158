import type { Command } from '../command.ts'
import { flags } from '../options.ts'

export const demo: Command = {
  name: 'demo',
  summary: 'the whole story on an embedded PostgreSQL with live traffic',
  description:
    'Takes one folder of Prisma migrations into a table of 2 million rows in three ways: plainly, with lock_timeout and retries, and with lockkeeper. Needs no database; takes some minutes.',
  arguments: [],
  options: [flags.json],
  async run(invocation, context) {
    const { runDemo } = await import('../../demo/demo.ts')
    const { signal, stdout, stderr } = context
    await runDemo({ json: invocation.options.json === true, signal, stdout, stderr, style: context })
    return 0
  },
}
