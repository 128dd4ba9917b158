import type { CodeAnswer } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration, RecordedStatement } from '../model/migration.ts'
import type { CodeStep } from '../model/plan.ts'
import type { Statement } from '../model/statement.ts'
import { jitter, sleep } from '../std/sleep.ts'
import type { CodeRunner } from './options.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/**
 * Runs the user's code in one transaction that ends with the journal's row, or leaves nothing. Each statement is judged before it is sent; one
 * that would hurt rolls everything back (`blocked-by-rule`). A lock that is not had in time does so too, and the code is run again from its
 * beginning: what it does outside the database it then does again.
 */
export async function runCode(step: CodeStep, context: StepContext): Promise<StepOutcome> {
  const { options, connections, emit, migration } = context
  const began = performance.now()
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { attempts, rows: await runOnce(step, context, began) }
    } catch (error) {
      if (connections.work.classify(error) !== 'lock-timeout') throw error
      const waitedMs = Math.round(performance.now() - began)
      if (waitedMs > options.maxLockWaitMs || attempts >= (options.maxAttempts ?? Number.POSITIVE_INFINITY))
        throw notHad(step, context, error)
      const inMs = Math.round(jitter(Math.min(2_000, 100 * 2 ** attempts)))
      emit({ type: 'retrying', migration, step: step.id, code: 'lock-timeout', message: 'a row or table is locked', inMs })
      await sleep(inMs, options.signal)
    }
  }
}

function notHad(step: CodeStep, { migration }: StepContext, cause: unknown): LockkeeperError {
  return new LockkeeperError('lock-not-had', `${migration}, step ${step.id}: what its code wants to change stayed locked by others`, {
    cause,
    details: { migration, step: step.id },
  })
}

async function runOnce(step: CodeStep, context: StepContext, began: number): Promise<number> {
  const { connections, options, migration } = context
  const { work } = connections
  const { code, file } = codeOf(context)
  const judge = code.judge(file, await connections.control.readCatalog())
  const settings = [`set local lock_timeout = ${step.lockTimeoutMs}`, `set local statement_timeout = ${step.statementTimeoutMs}`]
  await work.script(['begin', ...settings], { signal: options.signal })
  let rows = 0
  try {
    const answer = async (query: RecordedStatement): Promise<readonly CodeAnswer[]> => {
      const answers = await send(query, context, (statements) => refuse(judge(statements), file))
      rows += answers.filter(({ command }) => command !== 'SELECT').reduce((sum, { count }) => sum + count, 0)
      return answers
    }
    await code.execute({ migration: file, answer, signal: options.signal })
    const ms = Math.round(performance.now() - began)
    const done = journalOf(context).recordSql(options.plan.project, { type: 'step-done', migration, step: step.id, ms, attempts: 0, rows })
    await work.script([...done, 'commit'], { signal: options.signal })
    return rows
  } catch (error) {
    await work.script(['rollback']).catch(() => undefined)
    throw error
  }
}

function codeOf({ options, migration }: StepContext): { readonly code: CodeRunner; readonly file: Migration } {
  const file = options.migrations.find((candidate) => candidate.id === migration)
  if (options.code !== undefined && file !== undefined) return { code: options.code, file }
  throw new LockkeeperError('source-reads-data', `${migration} is code that reads rows, and here only its plan is known`, {
    details: { migration },
  })
}

type Look = (statements: readonly Statement[]) => void

async function send({ sql, parameters }: RecordedStatement, context: StepContext, look: Look): Promise<readonly CodeAnswer[]> {
  const { engine, signal } = context.options
  const text = engine.inline(sql, parameters)
  if (text === undefined)
    throw new LockkeeperError('code-failed', `a parameter of this statement has no form as text: ${sql.slice(0, 100)}`)
  const statements = engine.parse(new TextEncoder().encode(text))
  look(statements)
  // A timeout that the code sets would take the place of ours.
  const sent = statements.filter((statement) => engine.role(statement) !== 'ours')
  const sqls = sent.map((statement) => statement.sql)
  const results = sqls.length === 0 ? [] : await context.connections.work.script(sqls, { signal })
  return statements.map((statement) => {
    const { rows = [], count = 0 } = results[sent.indexOf(statement)] ?? {}
    return { command: commandOf(statement), count, rows }
  })
}

/** The first word of the server's command tag; that of a WITH is its main statement's. */
function commandOf(statement: Statement): string {
  return statement.kind.replace(/Stmt$/, '').toUpperCase()
}

function refuse(hazards: ReturnType<ReturnType<CodeRunner['judge']>>, { id, file }: Migration): void {
  const [first] = hazards
  if (first === undefined) return
  throw new LockkeeperError('blocked-by-rule', `${file} was rolled back at a statement of its code: ${first.rule}: ${first.message}`, {
    hint: `${first.fix} Or, if you accept it: --allow ${first.rule}:${id}`,
    details: { migration: id, rules: hazards.map((hazard) => hazard.rule) },
  })
}
