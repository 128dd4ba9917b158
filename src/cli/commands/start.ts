import { basename, dirname } from 'node:path'
import type { Command } from '../command.ts'
import { pendingFiles, refuseEarlier } from '../pgroll-pending.ts'
import { applyOptions, runApply } from '../run-apply.ts'

export const start: Command = {
  name: 'start',
  summary: 'as in pgroll: apply one file of a folder; the files before it must be applied',
  description: "The new version's schema stands when it ends, beside the old one's. Files behind it in the folder stay pending.",
  arguments: [{ name: '<file>', description: 'the file, in its folder' }],
  options: applyOptions,
  async run(invocation, context) {
    const [file = ''] = invocation.arguments
    const folder = dirname(file)
    const id = basename(file).replace(/\.[^.]*$/, '')
    const inFolder = { options: { ...invocation.options, source: 'pgroll', to: id }, arguments: [folder] } as const
    refuseEarlier(id, await pendingFiles(inFolder, context), folder)
    return await runApply(inFolder, context)
  },
}
