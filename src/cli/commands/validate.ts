import type { Command } from '../command.ts'
import { checkOptions, runCheck } from '../run-check.ts'

export const validate: Command = {
  name: 'validate',
  summary: 'as in pgroll: check one file, on what the files before it leave',
  description:
    'Its fields, whether its names and types exist (it is run in a private PostgreSQL), and the hazards that apply would leave. No database is changed.',
  arguments: [{ name: '<file>', description: 'the file, in its folder' }],
  options: checkOptions,
  run: (invocation, context) => runCheck({ ...invocation, options: { ...invocation.options, source: 'pgroll', mustRun: true } }, context),
}
