import type { Command } from '../command.ts'
import { checkOptions, runCheck } from '../run-check.ts'

export const check: Command = {
  name: 'check',
  summary: 'what every statement locks, rewrites and breaks, and what to do instead',
  description:
    'Needs no database: the history is replayed in a private PostgreSQL and what is pending is run there. A database, where given, is only read: for sizes, its version and what is applied already.',
  arguments: [{ name: '[path...]', description: 'folders of migrations, or single ones; - for standard input' }],
  options: checkOptions,
  run: runCheck,
}
