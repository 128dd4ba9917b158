import type { Command } from '../command.ts'
import { applyOptions, runApply } from '../run-apply.ts'

export const apply: Command = {
  name: 'apply',
  summary: 'take what is pending through the locks of a busy database',
  description:
    'Looks first at what could go wrong, goes on with what was interrupted, then takes each step and records the result in the history of the ORM.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: applyOptions,
  run: runApply,
}
