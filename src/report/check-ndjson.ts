import type { CheckReport } from '../model/verdict.ts'
import { jsonLine } from './check-json.ts'
import { findingsOf, type Finding } from './findings.ts'

/** One JSON document a line: each finding, and the summary last. */
export function checkNdjson(report: CheckReport): string {
  const { server, versions, summary, notes } = report
  return [
    ...findingsOf(report).map(findingLine),
    jsonLine({ format: 1, command: 'check', type: 'summary', server, versions, summary, notes }),
  ].join('')
}

// Key by key: ten thousand objects made of others by spreads take longer than all the rest.
function findingLine({ migration, statement: { sql }, place, hazard, fingerprint }: Finding): string {
  const { rule, severity, message, fix, relation, rewrite, breaksOldApp } = hazard
  const { path: file, line, column, endLine, endColumn } = place
  return jsonLine({
    format: 1,
    command: 'check',
    type: 'finding',
    migration: migration.id,
    file,
    line,
    column,
    endLine,
    endColumn,
    rule,
    severity,
    message,
    fix,
    relation,
    rewrite,
    breaksOldApp,
    fingerprint,
    sql,
  })
}
