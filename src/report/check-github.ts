import type { Severity } from '../model/hazard.ts'
import type { CheckReport } from '../model/verdict.ts'
import { summaryLine } from './check-text.ts'
import { cureOf, findingsOf, worstFirst, type Finding, type OutputSettings } from './findings.ts'
import { printable } from './style.ts'

const commands: { readonly [severity in Severity]: string } = { error: 'error', warning: 'warning', info: 'notice' }

/** Workflow commands, one for each finding; the worst first, since GitHub shows ten of a kind. */
export function checkGithub(report: CheckReport, { folder }: OutputSettings): string {
  const findings = worstFirst(findingsOf(report, folder)).map(annotation)
  const notes = report.notes.map((note) => `::notice::${data(note)}`)
  return `${[...findings, ...notes, summaryLine(report)].join('\n')}\n`
}

function annotation({ place, hazard }: Finding): string {
  const { path, line, column, endLine, endColumn } = place
  const columns = endLine === line && endColumn !== undefined ? [`endColumn=${endColumn}`] : []
  const title = hazard.breaksOldApp ? `${hazard.rule} (breaks the running application)` : hazard.rule
  const properties = [
    `file=${property(path)}`,
    `line=${line}`,
    `endLine=${endLine}`,
    `col=${column}`,
    ...columns,
    `title=${property(title)}`,
  ]
  return `::${commands[hazard.severity]} ${properties.join(',')}::${data(`${hazard.message}\nInstead: ${cureOf(hazard)}`)}`
}

// As the runner reads it back (actions/toolkit, command.ts): a message could else end here and begin a command of its own.
function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
