import type { Facts } from '../../src/model/facts.ts'
import type { Hazard } from '../../src/model/hazard.ts'
import type { CheckedStatement, CheckReport } from '../../src/model/verdict.ts'
import { checkOutputs, type CheckFormat } from '../../src/report/check.ts'
import type { OutputSettings } from '../../src/report/findings.ts'

const facts: Facts = {
  evidence: 'observed',
  locks: [{ relation: 'public.a', mode: 'SHARE', blocksReads: false, blocksWrites: true }],
  scans: [],
  rewrites: [],
  builds: ['public.a'],
  destroys: [],
  creates: [],
  transaction: 'allowed',
  waitsFor: [],
}
export const hazard = (given: Partial<Hazard> = {}): Hazard => ({
  rule: 'blocking-index-build',
  severity: 'error',
  message: 'CREATE INDEX blocks all writes to public.a',
  fix: 'Use CONCURRENTLY.',
  breaksOldApp: false,
  ...given,
})
export const statement = (given: Partial<CheckedStatement> = {}): CheckedStatement => ({
  sql: 'CREATE INDEX i\n  ON a (b)',
  line: 3,
  column: 2,
  offsetBytes: 40,
  facts,
  hazards: [hazard()],
  suppressed: [],
  fingerprint: 'f1',
  ...given,
})

/** A report on one migration of these statements. */
export function reportOf(statements: readonly CheckedStatement[], given: Partial<CheckReport> = {}): CheckReport {
  const all = statements.flatMap(({ hazards }) => hazards)
  const of = (severity: Hazard['severity']) => all.filter((one) => one.severity === severity).length
  return {
    server: { flavor: 'postgresql', version: 18 },
    versions: [13, 18],
    summary: {
      migrations: 1,
      statements: statements.length,
      errors: of('error'),
      warnings: of('warning'),
      infos: of('info'),
      suppressed: statements.flatMap((one) => one.suppressed).length,
    },
    migrations: [{ id: '2_b', source: 'sql', file: 'db/2_b.sql', statements }],
    project: [],
    notes: [],
    ...given,
  }
}

const settings: OutputSettings = {
  style: { color: false, width: 80 },
  failOn: 'error',
  rules: [{ id: 'blocking-index-build', title: 'CREATE INDEX blocks writes', why: 'It does.', group: 'lock' }],
  toolVersion: '0.1.0',
  folder: '',
}
export const print = (format: CheckFormat, report: CheckReport, given: Partial<OutputSettings> = {}) =>
  checkOutputs[format](report, { ...settings, ...given })

/** Escape sequences, a bell, C1, marks that turn the text around, line ends of other alphabets, and what each format could stumble over. */
export const hostile =
  '\u001b[2J\u0007\u009b1m\u202e\u200f\u2028 ::error::x\r\n%0A | ` <b> & "quoted" @octocat #1 ]]> --> https://x.y\u0000\ufffe'
const evil = statement({
  sql: `SELECT '${hostile}'`,
  hazards: [hazard({ rule: 'opaque-statement', message: hostile, fix: hostile, severity: 'warning' }), hazard({ breaksOldApp: true })],
  suppressed: [{ rule: 'drop-table', severity: 'error', message: hostile, reason: hostile, by: 'comment' }],
  replacement: [hostile],
})
const evilReport = reportOf([evil, statement()], { notes: [hostile] })
export const named: CheckReport = {
  ...evilReport,
  migrations: evilReport.migrations.map((one) => ({ ...one, id: `2_${hostile}`, file: `db/a b#1,2:3/${hostile}.sql` })),
}
export const none = reportOf([statement({ hazards: [] })])
export const thousand = reportOf(Array.from({ length: 1000 }, (_, at) => statement({ line: at + 1, fingerprint: `f${at}` })))
export const reports = [
  ['nothing', none],
  ['no migration', { ...none, migrations: [] }],
  ['a thousand findings', thousand],
  ['hostile text', named],
] as const
