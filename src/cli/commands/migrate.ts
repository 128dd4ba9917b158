import type { Command } from '../command.ts'
import { pgrollFlags } from '../pgroll-flags.ts'
import { pendingFiles, refuseMore } from '../pgroll-pending.ts'
import { applyOptions, runApply } from '../run-apply.ts'

export const migrate: Command = {
  name: 'migrate',
  summary: 'as in pgroll: apply all files of a folder that are pending',
  description: 'They are one new version, that of the last file. The version in use keeps its schema until complete.',
  arguments: [{ name: '<folder>', description: 'the folder of the files' }],
  options: [...applyOptions, pgrollFlags.expectOne],
  async run(invocation, context) {
    const inFolder = { ...invocation, options: { ...invocation.options, source: 'pgroll' } } as const
    if (invocation.options.expectOne === true) refuseMore(await pendingFiles(inFolder, context))
    return await runApply(inFolder, context)
  },
}
