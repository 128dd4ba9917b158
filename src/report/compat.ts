import type {
  Application,
  ApplicationSummary,
  Cause,
  CompatibilityReport,
  JudgedQuery,
  ResultChange,
  SchemaState,
  Tally,
  Verdict,
} from '../model/compatibility.ts'
import { grouped } from '../std/amounts.ts'
import { jsonText } from './check-json.ts'
import { clip, count, printable, tint, wrap, type Style } from './style.ts'
import { table } from './table.ts'

/** The document of `compat --json`. */
export function compatJson(report: CompatibilityReport): string {
  const { server, migrations, states, summary, old, new: later, notes } = report
  return jsonText({ format: 1, command: 'compat', server, migrations, states, summary, old, new: later, notes })
}

/** The summary first, then each statement that fares differently, the most used first. */
export function compatText(style: Style, report: CompatibilityReport): string {
  const parts = [
    headText(style, report),
    ...sections.flatMap((section) => sectionText(style, section, report)),
    ...(['old', 'new'] as const).flatMap((application) => unreadableText(style, application, report[application])),
    ...report.notes.map((note) => wrap(style, '', printable(`Note: ${note}`))),
    endText(style, report),
  ]
  return `${parts.join('\n\n')}\n`
}

const applications: { readonly [application in Application]: string } = { old: 'running', new: 'new' }
const stateNames: { readonly [state in SchemaState]: string } = { old: 'before', expanded: 'after apply', new: 'after complete' }

function headText(style: Style, { server, migrations, states, summary }: CompatibilityReport): string {
  const pending = migrations.length === 0 ? 'nothing is pending' : `${migrations.join(', ')} pending`
  const told = (['old', 'new'] as const).flatMap((application) => {
    const one = summary[application]
    return one === undefined ? [] : [{ application, one }]
  })
  const rows = told.map(({ application, one }) => [applications[application], ...states.map((state) => tallyText(one.states[state]))])
  return [
    wrap(style, '', printable(`PostgreSQL ${server.fullVersion ?? server.version}, ${pending}.`)),
    ...told.map(({ application, one }) => wrap(style, '', sampleText(`${applications[application]} application`, one))),
    '',
    table(style, { headings: ['application', ...states.map((state) => stateNames[state])], rows }),
  ].join('\n')
}

function sampleText(who: string, { from, queries, calls, judgedShare, leftOut, since, evictions }: ApplicationSummary): string {
  const counted = since === undefined ? '' : `, counted since ${since}`
  const whole = evictions === undefined ? '' : evictions === 0 ? ', none thrown away' : `, thrown away ${count(evictions, 'time')}`
  const rest = leftOut === 0 ? '' : ` ${grouped(leftOut)} that no table concerns left out.`
  const origin = from === 'pg_stat_statements' ? from : `a ${from}`
  return `The ${who}: ${queriesText(queries)} in ${count(Math.round(calls), 'call')} from ${origin}${counted}${whole}; ${percent(judgedShare)} of the calls could be judged.${rest}`
}

function queriesText(n: number): string {
  return n === 1 ? '1 query' : `${grouped(n)} queries`
}

function tallyText(tally: Tally | undefined): string {
  if (tally === undefined) return '-'
  const { ok, breaks, breakingShare, resultChanges } = tally
  const parts = [
    ...(breaks === 0 ? [] : [`${grouped(breaks)} ${breaks === 1 ? 'breaks' : 'break'} (${percent(breakingShare)})`]),
    ...(resultChanges === 0 ? [] : [`${grouped(resultChanges)} changed`]),
  ]
  return parts.length === 0 ? `${grouped(ok)} ok` : parts.join(', ')
}

/** `0.04%`, `12%`; what is there is never 0%, and what is missing never 100%. */
function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return `${value}%`
  if (value < 0.01) return '<0.01%'
  return value > 99.99 ? '>99.99%' : `${Number(value.toPrecision(value > 99 ? 4 : 3))}%`
}

interface Section {
  readonly application: Application
  readonly state: SchemaState
  readonly outcome: 'breaks' | 'result-changes'
  readonly heading: string
  readonly doNow: string
}

/** In the order in which they hurt. What is said of a statement once is not said of it again for a later state. */
const sections: readonly Section[] = [
  {
    application: 'old',
    state: 'expanded',
    outcome: 'breaks',
    heading: 'The running application breaks as soon as apply has run',
    doNow:
      'Change the migration so that the old shape stays until the new application runs (docs/expand-and-contract.md), or deploy first an application that does without.',
  },
  {
    application: 'new',
    state: 'expanded',
    outcome: 'breaks',
    heading: 'The new application does not work between apply and complete',
    doNow: 'Change the statement (docs/compat.md says what a view cannot do), or deploy it only after complete.',
  },
  {
    application: 'old',
    state: 'new',
    outcome: 'breaks',
    heading: 'The running application breaks with complete',
    doNow: 'Deploy the new application first; complete waits until nobody needs the old shape.',
  },
  {
    application: 'old',
    state: 'expanded',
    outcome: 'result-changes',
    heading: 'The running application gets other results after apply',
    doNow:
      'Each session that has prepared it fails once (0A000). Name the columns instead of *, and make sure that the application takes the new type.',
  },
  {
    application: 'old',
    state: 'new',
    outcome: 'result-changes',
    heading: 'The running application gets other results after complete',
    doNow:
      'Each session that has prepared it fails once (0A000). Name the columns instead of *, and make sure that the application takes the new type.',
  },
  {
    application: 'new',
    state: 'expanded',
    outcome: 'result-changes',
    heading: 'The new application gets other results until complete',
    doNow: 'Each session that has prepared it fails once (0A000) when complete runs. Name the columns instead of *.',
  },
  {
    application: 'new',
    state: 'old',
    outcome: 'breaks',
    heading: 'The new application needs the migration first',
    doNow: 'Deploy it after apply.',
  },
]

function sectionText(style: Style, section: Section, report: CompatibilityReport): readonly string[] {
  const { application, state, outcome } = section
  const found = report[application].filter(
    ({ on }) => on[state]?.outcome === outcome && !(state === 'new' && on.expanded?.outcome === outcome),
  )
  if (found.length === 0) return []
  const color = state === 'old' ? 'blue' : outcome === 'breaks' ? 'red' : 'yellow'
  const shown = found.slice(0, mostShown)
  const rest = found.length - shown.length
  return [
    [
      tint(style, color, `${section.heading}: ${queriesText(found.length)}`),
      ...shown.map((query) => queryText(style, query, query.on[state])),
      ...(rest > 0 ? [`  and ${grouped(rest)} more: --json has them all`] : []),
      wrap(style, '  ', `Now: ${section.doNow}`),
    ].join('\n'),
  ]
}

const mostShown = 20
const mostCharacters = 160

function queryText(style: Style, { sql, calls, share }: JudgedQuery, verdict: Verdict | undefined): string {
  const text = clip(sql.replaceAll(/\s+/g, ' ').trim(), mostCharacters)
  return [
    wrap(style, '  ', tint(style, 'bold', text)),
    `    ${count(Math.round(calls), 'call')}, ${percent(share)} of all`,
    ...(verdict === undefined ? [] : verdictLines(verdict).map((line) => wrap(style, '    ', printable(line)))),
  ].join('\n')
}

function verdictLines(verdict: Verdict): readonly string[] {
  switch (verdict.outcome) {
    case 'ok':
      return []
    case 'breaks':
      return [`${verdict.message} (${verdict.sqlstate})`, ...causeLines(verdict.cause)]
    case 'result-changes':
      return [
        ...verdict.changes.map(changeText),
        ...(verdict.prepared === undefined ? [] : [`where it is prepared already: ${verdict.prepared}`]),
        ...causeLines(verdict.cause),
      ]
    case 'unreadable':
      return [verdict.why]
  }
}

function changeText({ column, before, after, meaning }: ResultChange): string {
  if (before === undefined) return `column ${column} (${after}) comes with it`
  if (after === undefined) return `column ${column} (${before}) is gone`
  return `column ${column}: ${before} becomes ${after}${meaning === undefined ? '' : `, so ${meaning}`}`
}

function causeLines(cause: Cause | undefined): readonly string[] {
  if (cause === undefined) return []
  return [`by ${cause.migration}, ${cause.where}: ${clip(cause.sql.replaceAll(/\s+/g, ' '), mostCharacters)}`]
}

const mostUnreadable = 5

function unreadableText(style: Style, application: Application, queries: readonly JudgedQuery[]): readonly string[] {
  const found = queries.filter(({ outcome }) => outcome === 'unreadable')
  if (found.length === 0) return []
  const rest = found.length - mostUnreadable
  const home = application === 'old' ? 'the schema of before' : 'the new schema'
  return [
    [
      tint(
        style,
        'dim',
        `Not judged, since ${home} does not take them either (${applications[application]} application): ${queriesText(found.length)}`,
      ),
      ...found.slice(0, mostUnreadable).map((query) => queryText(style, query, query.on[application])),
      ...(rest > 0 ? [`  and ${grouped(rest)} more: --json has them all`] : []),
    ].join('\n'),
  ]
}

function endText(style: Style, report: CompatibilityReport): string {
  const has = (application: Application, state: SchemaState) => report[application].some(({ on }) => on[state]?.outcome === 'breaks')
  if (has('old', 'expanded')) return tint(style, 'red', 'apply breaks the running application.')
  if (has('new', 'expanded')) return tint(style, 'red', 'The new application does not work before complete.')
  if (has('old', 'new')) {
    const safe = report.states.includes('expanded') ? 'apply breaks nothing; ' : ''
    return tint(style, 'yellow', `${safe}complete must wait for the new application.`)
  }
  return tint(style, 'green', 'Nothing breaks.')
}
