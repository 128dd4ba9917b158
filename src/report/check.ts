import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import type { CheckedMigration, CheckedStatement, CheckReport, ProjectFinding } from '../model/verdict.ts'
import { estimateText } from './estimate.ts'
import type { Style, Tint } from './style.ts'
import { count, excerpt, printable, tint, wrap } from './style.ts'

/** The document of `check --json`. */
export function checkJson(report: CheckReport): string {
  const { server, versions, summary, project, migrations, notes } = report
  return `${JSON.stringify({ format: 1, command: 'check', server, versions, summary, project, migrations, notes }, null, 2)}\n`
}

/** First what concerns the project as a whole, then one block for each statement with findings, then one line of summary. */
export function checkText(style: Style, report: CheckReport): string {
  const project = report.project.map((finding) => projectText(style, finding))
  const findings = report.migrations.flatMap((migration) =>
    migration.statements.filter((s) => s.hazards.length > 0).map((s) => statementText(style, migration, s)),
  )
  const notes = report.notes.map((note) => wrap(style, '', `Note: ${note}`))
  return `${[...project, ...findings, ...notes, summaryText(style, report)].join('\n\n')}\n`
}

function projectText(style: Style, { file, line, ...finding }: ProjectFinding): string {
  return [tint(style, 'bold', `${printable(file)}:${line}`), hazardText(style, { ...finding, breaksOldApp: false })].join('\n')
}

function statementText(style: Style, migration: CheckedMigration, statement: CheckedStatement): string {
  const place = tint(style, 'bold', `${printable(migration.file)}:${statement.line}`)
  return [
    place,
    tint(style, 'dim', excerpt('  | ', statement.sql, 4)),
    factsText(style, statement.facts),
    estimateText(style, statement.estimate),
    ...statement.hazards.map((hazard) => hazardText(style, hazard)),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function factsText(style: Style, facts: Facts): string {
  const locks = facts.locks.filter((lock) => lock.blocksWrites || lock.blocksReads).map((lock) => `${lock.mode} on ${lock.relation}`)
  const parts = [
    locks.length === 0 ? '' : `locks ${locks.join(', ')}`,
    facts.rewrites.length === 0 ? '' : `rewrites ${facts.rewrites.join(', ')}`,
    facts.builds.length === 0 ? '' : `builds an index on ${facts.builds.join(', ')}`,
    facts.scans.length === 0 ? '' : `reads all of ${facts.scans.join(', ')}`,
  ].filter((part) => part !== '')
  if (parts.length === 0) return ''
  const condition = facts.condition === undefined ? '' : `, ${facts.condition}`
  return wrap(style, '  ', printable(`${parts.join('; ')} (${facts.evidence}${condition})`))
}

const tints: { readonly [severity in Severity]: Tint } = { error: 'red', warning: 'yellow', info: 'blue' }

function hazardText(style: Style, hazard: Hazard): string {
  const head = `  ${tint(style, tints[hazard.severity], hazard.severity)} ${hazard.rule}${hazard.breaksOldApp ? ' (breaks the running application)' : ''}`
  const cure = hazard.rewrite === undefined ? hazard.fix : `${hazard.fix} (lockkeeper apply does this: ${hazard.rewrite})`
  return [head, wrap(style, '    ', printable(hazard.message)), wrap(style, '    ', printable(`Instead: ${cure}`))].join('\n')
}

function summaryText(style: Style, report: CheckReport): string {
  const { errors, warnings, infos, suppressed, statements, migrations } = report.summary
  const found = [
    count(errors, 'error'),
    count(warnings, 'warning'),
    ...(infos > 0 ? [count(infos, 'info')] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
  ].join(', ')
  const versions =
    report.versions.length === 1 ? `PostgreSQL ${report.versions[0]}` : `PostgreSQL ${report.versions[0]} to ${report.versions.at(-1)}`
  const text = wrap(
    style,
    '',
    `${found} in ${count(statements, 'statement')} of ${count(migrations, 'migration')}, judged for ${versions}.`,
  )
  return tint(style, errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', text)
}
