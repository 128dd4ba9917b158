import type { Command } from '../command.ts'
import { abortOptions, runAbort } from '../run-abort.ts'

export const rollback: Command = {
  name: 'rollback',
  summary: 'as in pgroll: take back what is started and not complete',
  description: 'The same as abort: what was added goes, and the schema of the new version with it. The file is pending again.',
  arguments: [{ name: '[migration]', description: 'which one; may be left out where only one is in flight' }],
  options: abortOptions,
  run: (invocation, context) => runAbort(invocation, context),
}
