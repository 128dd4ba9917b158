import type { CheckReport } from '../model/verdict.ts'
import { checkGithub } from './check-github.ts'
import { checkGitlab } from './check-gitlab.ts'
import { checkJson } from './check-json.ts'
import { checkJunit } from './check-junit.ts'
import { checkMarkdown } from './check-markdown.ts'
import { checkNdjson } from './check-ndjson.ts'
import { checkSarif } from './check-sarif.ts'
import { checkText } from './check-text.ts'
import type { OutputSettings } from './findings.ts'

export type CheckFormat = 'text' | 'json' | 'ndjson' | 'github' | 'gitlab' | 'sarif' | 'junit' | 'markdown'

/** The report as a terminal, a pipeline or a forge wants it. */
export const checkOutputs: { readonly [format in CheckFormat]: (report: CheckReport, settings: OutputSettings) => string } = {
  text: (report, { style }) => checkText(style, report),
  json: checkJson,
  ndjson: checkNdjson,
  github: checkGithub,
  gitlab: checkGitlab,
  sarif: checkSarif,
  junit: checkJunit,
  markdown: checkMarkdown,
}
