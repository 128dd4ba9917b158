import type { Hazard } from '../model/hazard.ts'
import type { CheckReport } from '../model/verdict.ts'
import { jsonText } from './check-json.ts'
import { cureOf, findingsOf, type OutputSettings } from './findings.ts'
import { printable } from './style.ts'

/** GitLab's code quality report: a list, empty where nothing was found. */
export function checkGitlab(report: CheckReport, { folder }: OutputSettings): string {
  return jsonText(
    findingsOf(report, folder).map(({ place: { path, line, endLine }, hazard, fingerprint }) => ({
      description: printable(`${hazard.message} Instead: ${cureOf(hazard)}`),
      check_name: hazard.rule,
      fingerprint,
      severity: severityOf(hazard),
      location: { path, lines: { begin: line, end: endLine } },
    })),
  )
}

/** A statement that cannot even run is the only one that blocks for certain. */
function severityOf({ rule, severity }: Hazard): 'info' | 'minor' | 'major' | 'critical' | 'blocker' {
  switch (severity) {
    case 'info':
      return 'info'
    case 'warning':
      return 'minor'
    case 'error':
      return rule === 'statement-fails' ? 'blocker' : 'critical'
  }
}
