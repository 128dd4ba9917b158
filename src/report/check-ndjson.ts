import type { CheckReport } from '../model/verdict.ts'
import { jsonLine } from './check-json.ts'
import { findingsOf } from './findings.ts'

const head = { format: 1, command: 'check' }

/** One JSON document a line: each finding, and the summary last. */
export function checkNdjson(report: CheckReport): string {
  const { server, versions, summary, notes } = report
  const findings = findingsOf(report).map(({ migration, statement: { sql }, place, hazard, fingerprint }) => {
    const { path: file, ...lines } = place
    return jsonLine({ ...head, type: 'finding', migration: migration.id, file, ...lines, ...hazard, fingerprint, sql })
  })
  return [...findings, jsonLine({ ...head, type: 'summary', server, versions, summary, notes })].join('')
}
