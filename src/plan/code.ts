import { opinionsOn } from '../check/hazards.ts'
import { judge, type JudgedStatement } from '../check/judge.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Hazard, Judged } from '../model/hazard.ts'
import type { Migration, RowsRead } from '../model/migration.ts'
import type { CodeStep } from '../model/plan.ts'
import type { Statement } from '../model/statement.ts'
import { isAllowed, stops, type AllowContext } from './allow.ts'
import { blockingLocks } from './effect.ts'
import type { PlanEngine, PlanOptions } from './options.ts'

/** The one step of a migration that reads rows. */
export function codeStep({ file }: Migration, { call }: RowsRead, options: PlanOptions): CodeStep {
  return {
    kind: 'code',
    id: 'run-code',
    title: `run the code of ${file}, which reads rows`,
    phase: 'expand',
    hazards: [],
    undo: { kind: 'forward-only', why: 'what it did depends on the rows that it found' },
    call,
    lockTimeoutMs: options.lockBudgetMs,
    statementTimeoutMs: options.statementTimeoutMs,
  }
}

/** What stops the code at the statements that it issues next. */
export type CodeJudge<Node> = (statements: readonly Statement<Node>[]) => readonly Hazard[]

type JudgeEngine<Node> = Pick<PlanEngine<Node>, 'facts' | 'simulate' | 'split' | 'hazards' | 'topics' | 'role'>

interface Ground extends AllowContext {
  /** What the transaction finds. */
  readonly catalog: Catalog
}

/**
 * Judges the statements of code as they come, in one transaction. Nothing is known of what follows, and their locks are held until the code
 * ends: beside what the rules stop, a lock behind which others wait is one too many, be it quick.
 */
export function codeJudge<Node>(engine: JudgeEngine<Node>, ground: Ground): CodeJudge<Node> {
  let before = ground.catalog
  const earlier: Judged<Node>[] = []
  return (statements) => {
    const judged = judge(engine, statements, { before })
    before = judged.after
    const found = judged.statements.flatMap((statement) => {
      const hazards = [...ownTransaction(engine, statement), ...opinions(engine, statement, earlier), ...heldLocks(statement)]
      earlier.push(...statement.parts.filter(matters))
      return hazards
    })
    return found.filter((hazard) => !isAllowed(hazard, ground))
  }
}

function opinions<Node>(engine: JudgeEngine<Node>, { parts }: JudgedStatement<Node>, earlier: readonly Judged<Node>[]): readonly Hazard[] {
  const transaction = [...earlier, ...parts]
  const found = parts.flatMap((part, at) => opinionsOn(engine, { ...part, transaction, at: earlier.length + at }))
  return found.filter(stops)
}

/** Ten thousand updates of one row each say nothing to what follows. */
function matters<Node>({ facts }: Judged<Node>): boolean {
  return (
    facts.creates.length > 0 ||
    facts.destroys.length > 0 ||
    facts.locks.some(({ blocksReads, blocksWrites }) => blocksReads || blocksWrites)
  )
}

function ownTransaction<Node>(engine: JudgeEngine<Node>, { statement }: JudgedStatement<Node>): readonly Hazard[] {
  const role = engine.role(statement)
  if (role !== 'begin' && role !== 'commit' && role !== 'rollback') return []
  return [
    {
      rule: 'cannot-split',
      severity: 'error',
      message: `the code runs in one transaction, and its own ${statement.sql.trim()} would end that in the middle`,
      fix: 'Leave the transaction to lockkeeper, or run this migration with the ORM.',
      breaksOldApp: false,
    },
  ]
}

function heldLocks<Node>({ statement, parts }: JudgedStatement<Node>): readonly Hazard[] {
  const held = [...new Set(parts.flatMap(blockingLocks).map(({ relation }) => relation))]
  if (held.length === 0) return []
  return [
    {
      rule: 'lock-held-through-code',
      severity: 'error',
      message: `${statement.sql.trim().slice(0, 80)} would keep ${held.join(' and ')} locked until the migration's code ends`,
      fix: 'Put the change of the schema into a migration of its own, before or after the one that reads rows.',
      breaksOldApp: false,
    },
  ]
}
