import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import type { CheckedMigration, CheckedStatement, CheckReport, ProjectFinding } from '../model/verdict.ts'
import { estimateText } from './estimate.ts'
import { bySeverity, cureOf } from './findings.ts'
import { gutterWidth, sourceExcerpt } from './source-excerpt.ts'
import type { Style, Tint } from './style.ts'
import { count, printable, tint, wrap } from './style.ts'

/** First what concerns the project as a whole, then one block for each statement with findings, then one line of summary. */
export function checkText(style: Style, report: CheckReport): string {
  const statements = report.migrations.flatMap((migration) =>
    migration.statements.filter((s) => s.hazards.length > 0).map((s) => statementText(style, migration, s)),
  )
  const findings = [...report.project.map((finding) => projectText(style, finding)), ...statements]
  const notes = report.notes.map((note) => wrap(style, '', printable(`Note: ${note}`)))
  const more = findings.length === 0 ? [] : [tint(style, 'dim', 'lockkeeper explain RULE tells more of a rule.')]
  return `${[...findings, ...notes, [summaryText(style, report), ...more].join('\n')].join('\n\n')}\n`
}

function projectText(style: Style, { file, line, ...finding }: ProjectFinding): string {
  return [placeText(style, `${file}:${line}`), hazardText(style, { ...finding, breaksOldApp: false })].join('\n')
}

function placeText(style: Style, place: string): string {
  return tint(style, 'bold', printable(place).replaceAll('\n', ' '))
}

function statementText(style: Style, { file }: CheckedMigration, statement: CheckedStatement): string {
  const place = placeText(style, `${file}:${statement.line}:${statement.column}`)
  const told = [factsText(style, statement), estimateText(style, statement.estimate)].filter((part) => part !== '')
  return [
    place,
    sourceExcerpt(style, statement),
    ...told,
    ...statement.hazards.toSorted(bySeverity).map((hazard) => hazardText(style, hazard)),
  ].join('\n')
}

function factsText(style: Style, statement: CheckedStatement): string {
  const text = factsOf(statement.facts)
  if (text === '') return ''
  const gutter = ' '.repeat(gutterWidth(statement))
  const [first = '', ...rest] = wrap(style, `${gutter}  `, printable(text)).split('\n')
  return tint(style, 'dim', [`${gutter}= ${first.trimStart()}`, ...rest].join('\n'))
}

/** What it does to tables in use, in one sentence; '' where nobody notices anything. */
function factsOf(facts: Facts): string {
  const locks = facts.locks.filter((lock) => lock.blocksWrites || lock.blocksReads)
  const modes = [...new Set(locks.map(({ mode }) => mode))].map((mode) => {
    const relations = locks.flatMap((lock) => (lock.mode === mode ? [lock.relation] : []))
    return `${mode} on ${relations.join(', ')}`
  })
  const parts = [
    modes.length === 0 ? '' : `locks ${modes.join(' and ')}`,
    facts.rewrites.length === 0 ? '' : `rewrites ${facts.rewrites.join(', ')}`,
    facts.builds.length === 0 ? '' : `builds an index on ${facts.builds.join(', ')}`,
    facts.scans.length === 0 ? '' : `reads all of ${facts.scans.join(', ')}`,
  ].filter((part) => part !== '')
  const condition = facts.condition === undefined ? '' : `, ${facts.condition}`
  return parts.length === 0 ? '' : `${parts.join('; ')} (${facts.evidence}${condition})`
}

const tints: { readonly [severity in Severity]: Tint } = { error: 'red', warning: 'yellow', info: 'blue' }

function hazardText(style: Style, hazard: Hazard): string {
  const breaks = hazard.breaksOldApp ? ' (breaks the running application)' : ''
  const head = `  ${tint(style, tints[hazard.severity], hazard.severity)} ${tint(style, 'bold', hazard.rule)}${breaks}`
  return [head, wrap(style, '    ', printable(hazard.message)), wrap(style, '    ', printable(`Instead: ${cureOf(hazard)}`))].join('\n')
}

function summaryText(style: Style, report: CheckReport): string {
  const { errors, warnings } = report.summary
  return tint(style, errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', wrap(style, '', summaryLine(report)))
}

/** "1 error, 0 warnings in 3 statements of 2 migrations, judged for PostgreSQL 13 to 18." */
export function summaryLine({ summary, versions }: CheckReport): string {
  const { errors, warnings, infos, suppressed, statements, migrations } = summary
  const found = [
    count(errors, 'error'),
    count(warnings, 'warning'),
    ...(infos > 0 ? [count(infos, 'info')] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
  ].join(', ')
  const majors = versions.length === 1 ? `PostgreSQL ${versions[0]}` : `PostgreSQL ${versions[0]} to ${versions.at(-1)}`
  return `${found} in ${count(statements, 'statement')} of ${count(migrations, 'migration')}, judged for ${majors}.`
}
