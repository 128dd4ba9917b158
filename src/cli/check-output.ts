import { appendFile } from 'node:fs/promises'
import { isAbsolute, relative, sep } from 'node:path'
import { ownRules } from '../check/own-rules.ts'
import { postgresEngine } from '../engines.ts'
import type { CheckReport } from '../model/verdict.ts'
import { checkOutputs, type CheckFormat } from '../report/check.ts'
import { fails, findingsOf, type FailOn, type OutputSettings } from '../report/findings.ts'
import type { Context } from './command.ts'
import { version } from './version.ts'

export interface CheckOutputOptions {
  readonly format: CheckFormat
  readonly failOn: FailOn
}

/** Prints the report, on GitHub also as the summary of the job; resolves with the exit status. */
export async function printReport(report: CheckReport, context: Context, { format, failOn }: CheckOutputOptions): Promise<number> {
  const rules = [...(await postgresEngine()).hazards, ...ownRules]
  const settings: OutputSettings = { style: context, failOn, rules, toolVersion: version(), folder: folderInRepository(context) }
  context.stdout.write(checkOutputs[format](report, settings))
  if (format === 'github') await writeJobSummary(context, checkOutputs.markdown(report, settings))
  return findingsOf(report).some(({ hazard }) => fails(hazard.severity, failOn)) ? 2 : 0
}

// Forges want paths from the root of the repository, which the pipeline names; the command may run below it.
function folderInRepository({ env, cwd }: Context): string {
  const root = env['GITHUB_WORKSPACE'] ?? env['CI_PROJECT_DIR'] ?? ''
  const inside = root === '' ? '' : relative(root, cwd)
  return inside.startsWith('..') || isAbsolute(inside) ? '' : inside.replaceAll(sep, '/')
}

// The findings stand in the log: that the summary cannot be written must not fail the job.
async function writeJobSummary({ env, stderr }: Context, text: string): Promise<void> {
  const file = env['GITHUB_STEP_SUMMARY'] ?? ''
  if (file === '') return
  await appendFile(file, `${text}\n`).catch(() => stderr.write(`The job summary ${file} cannot be written.\n`))
}
