import type { Command } from '../command.ts'
import { abortOptions, runAbort } from '../run-abort.ts'

export const abort: Command = {
  name: 'abort',
  summary: 'take an unfinished migration back to where it began',
  description:
    'What was added goes, last step first, each through the lock loop. The ORM sees the migration pending again. Past the point of no return nothing is touched. Works without the files, from any machine.',
  arguments: [{ name: '[migration]', description: 'which one; may be left out where only one is in flight' }],
  options: abortOptions,
  run: runAbort,
}
