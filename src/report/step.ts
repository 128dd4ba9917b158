import type { BackfillStep, CodeStep, EachStep, GateStep, SqlStep, Step, Undo } from '../model/plan.ts'
import { walkText, workText } from '../model/work-text.ts'
import { estimateText } from './estimate.ts'
import type { Style } from './style.ts'
import { duration, printable, tint, wrap } from './style.ts'

/** One step for a reviewer: what, how it commits, what it locks and for how long anyone may wait, its SQL, and what it breaks. */
export function stepText(style: Style, step: Step, mark: string): string {
  const head = wrap(style, '  ', `${mark} ${printable(step.title)} [${step.phase}]`)
  const hazards = step.hazards.map((hazard) =>
    wrap(
      style,
      '     ',
      printable(`${hazard.severity} ${hazard.rule}${hazard.breaksOldApp ? ', breaks the running application' : ''}: ${hazard.message}`),
    ),
  )
  const estimate = step.estimate === undefined ? [] : [estimateText(style, step.estimate, '     ')]
  return [head, ...bodyLines(style, step), ...estimate, ...hazards, ...undoLines(style, step.undo)].join('\n')
}

function bodyLines(style: Style, step: Step): readonly string[] {
  switch (step.kind) {
    case 'sql':
      return sqlLines(style, step)
    case 'backfill':
      return backfillLines(style, step)
    case 'each':
      return eachLines(style, step)
    case 'code':
      return codeLines(style, step)
    case 'gate':
      return gateLines(style, step)
  }
}

function sqlLines(style: Style, step: SqlStep): readonly string[] {
  const text = [...step.session, ...step.sql].map((sql) => codeOf(style, sql))
  const border = step.transaction ? 'one transaction' : 'no transaction'
  return [wrap(style, '     ', `${border}; ${lockWords(step)}`), ...text]
}

function lockWords(step: SqlStep): string {
  const locks = step.locks.map((lock) => `${lock.mode} on ${lock.relation}`).join(', ')
  const waits = step.lockTimeoutMs > 0 ? `nobody waits behind it longer than ${duration(step.lockTimeoutMs)}` : 'its wait blocks nobody'
  const limit = step.statementTimeoutMs > 0 ? `statement limit ${duration(step.statementTimeoutMs)}` : 'no statement limit'
  const snapshots = step.waitsForSnapshots ? ['waits for older snapshots'] : []
  return (locks === '' ? ['locks nothing that is in use', ...snapshots, limit] : [`locks ${locks}`, waits, ...snapshots, limit]).join('; ')
}

function backfillLines(style: Style, { work, walk, batchTargetMs }: BackfillStep): readonly string[] {
  const times = `many small transactions ${printable(walkText(walk))}; each holds its row locks about ${duration(batchTargetMs)}`
  const code = work.kind === 'code' ? [wrap(style, '     ', `${printable(`${work.export}() of ${work.module}`)} is given these rows:`)] : []
  return [wrap(style, '     ', times), ...code, codeOf(style, workText(work))]
}

function eachLines(style: Style, step: EachStep): readonly string[] {
  const inner = step.template.flatMap((part) => [wrap(style, '     ', `- ${printable(part.title)}`), ...sqlLines(style, part)])
  return [wrap(style, '     ', `once for each partition of ${printable(step.relation)}:`), ...inner]
}

function codeLines(style: Style, { call, lockTimeoutMs }: CodeStep): readonly string[] {
  const rules = `one transaction; each statement is judged before it is sent, waits ${duration(lockTimeoutMs)} for a lock at the most, and a hazardous one rolls all of it back`
  return [wrap(style, '     ', rules), wrap(style, '     ', `it first reads: ${printable(call)}`)]
}

function gateLines(style: Style, { gates }: GateStep): readonly string[] {
  return ['lockkeeper complete goes on from here, once:', ...gates.map(({ title }) => `- ${printable(title)}`)].map((line) =>
    wrap(style, '     ', line),
  )
}

function undoLines(style: Style, undo: Undo): readonly string[] {
  switch (undo.kind) {
    case 'free':
      return []
    case 'cleanup':
      return [tint(style, 'dim', wrap(style, '     ', printable(`abort runs: ${undo.sql.join('; ')}`)))]
    case 'forward-only':
      return [wrap(style, '     ', printable(`cannot be taken back: ${undo.why}`))]
  }
}

function codeOf(style: Style, sql: string): string {
  const lines = printable(sql.trim().endsWith(';') ? sql.trim() : `${sql.trim()};`).split('\n')
  return tint(style, 'blue', lines.map((line) => `       ${line}`).join('\n'))
}
