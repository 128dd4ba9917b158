import { relative } from 'node:path'
import { baselineOf, type AcceptedFinding } from '../check/baseline.ts'
import type { CheckReport } from '../model/verdict.ts'
import { jsonText } from '../report/check-json.ts'
import { count, printable, wrap } from '../report/style.ts'
import { writeBaseline } from './baseline-file.ts'
import type { Context, Invocation } from './command.ts'
import type { LoadedConfig } from './config.ts'
import { baselinePath } from './policy.ts'

export interface Accepting {
  readonly loaded: LoadedConfig
  readonly report: CheckReport
  /** What was accepted before. */
  readonly before: readonly AcceptedFinding[] | undefined
}

/** Writes all findings of the report to the baseline, and says so. */
export async function acceptFindings(invocation: Invocation, context: Context, { loaded, report, before }: Accepting): Promise<number> {
  const path = baselinePath(invocation, context, loaded)
  const baseline = baselineOf(report, before)
  await writeBaseline(path, baseline)
  const file = relative(context.cwd, path)
  const { length } = baseline.findings
  const text = `${count(length, 'finding')} accepted in ${file}; check does not count them any more. Commit the file.`
  context.stdout.write(
    invocation.options.json === true || invocation.options.format === 'json'
      ? jsonText({ format: 1, command: 'check', baseline: { file, findings: length } })
      : `${wrap(context, '', printable(text))}\n`,
  )
  return 0
}
