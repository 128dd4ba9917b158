import type { PendingMigration } from '../check/pending.ts'
import { controlOf } from '../check/transactions.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { Step } from '../model/plan.ts'
import type { Statement } from '../model/statement.ts'
import type { CheckedStatement, CheckReport } from '../model/verdict.ts'
import { plan } from '../plan/plan.ts'

interface Ground {
  /** What the first pending migration finds. */
  readonly catalog: Catalog
  readonly together: boolean
  readonly pending: Iterable<PendingMigration<unknown>>
}

/** The report, with the text that could stand in the place of each statement that has a finding with a rewrite. */
export function withReplacements(engine: Engine, report: CheckReport, ground: Ground): CheckReport {
  const made = new Map<string, ReadonlyMap<Statement, Catalog>>()
  const pending = [...ground.pending]
  let catalog = ground.catalog
  for (const { migration, statements } of pending) {
    const before = catalog
    const found = new Map<Statement, Catalog>()
    for (const statement of statements) {
      found.set(statement, catalog)
      catalog = engine.simulate(statement, catalog)
    }
    made.set(migration.id, found)
    if (!ground.together) catalog = engine.settle(catalog, before)
  }
  const migrations = report.migrations.map((checked) => {
    const item = pending.find(({ migration }) => migration.id === checked.id)
    if (item === undefined || item.migration.body.kind !== 'sql') return checked
    const statements = checked.statements.map((one, at) => {
      const statement = item.statements[at]
      const before = statement && made.get(checked.id)?.get(statement)
      if (before === undefined || !one.hazards.some(({ rewrite }) => rewrite !== undefined)) return one
      return withReplacement(one, stepsFor(engine, { ...item, at, before }), item)
    })
    return { ...checked, statements }
  })
  return { ...report, migrations }
}

interface Target extends PendingMigration<unknown> {
  readonly at: number
  readonly before: Catalog
}

/** What the planner makes of the statement alone; nothing where `apply` would stop at it. */
function stepsFor(engine: Engine, { migration: { upDown: _given, ...migration }, statements, at, before }: Target): readonly Step[] {
  const bytes = new TextEncoder().encode(statements[at]?.sql ?? '')
  const alone: Migration = { ...migration, body: { kind: 'sql', bytes } }
  const options = { project: '', catalog: before, lockBudgetMs: 0, statementTimeoutMs: 0, allow: [], touched: '' }
  const [made] = plan(engine, [alone], options).migrations
  return made === undefined || made.blocked.length > 0 ? [] : made.steps
}

function withReplacement(one: CheckedStatement, steps: readonly Step[], item: PendingMigration<unknown>): CheckedStatement {
  const sql = steps.flatMap((step) => (step.kind === 'sql' ? step.sql : []))
  const isText = sql.length > 0 && steps.every(({ kind }) => kind === 'sql') && sql.join() !== one.sql
  return isText && holdsInFile(steps, item) ? { ...one, replacement: sql } : one
}

/**
 * Several steps help only where each commits by itself. One that cannot run in a transaction stands alone in its file, and that file must
 * not be wrapped: Prisma and psql do not, Drizzle does.
 */
function holdsInFile(steps: readonly Step[], { migration, statements }: PendingMigration<unknown>): boolean {
  const commitsEach = migration.transaction === 'none' && !statements.some((statement) => controlOf(statement) !== undefined)
  const isTransactional = steps.every((step) => step.kind === 'sql' && step.transaction)
  const mayStandAlone = statements.length === 1 && migration.transaction !== 'batch'
  return commitsEach || (steps.length === 1 && (isTransactional || mayStandAlone))
}
