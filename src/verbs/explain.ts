import { placed } from '../check/example.ts'
import { hazardsOf, panelOf } from '../check/hazards.ts'
import { judge } from '../check/judge.ts'
import { controlOf } from '../check/transactions.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Hazard, HazardRule } from '../model/hazard.ts'
import type { Migration } from '../model/migration.ts'
import type { PlannedMigration } from '../model/plan.ts'
import type { Statement } from '../model/statement.ts'
import { plan } from '../plan/plan.ts'

/** A rule on its first example, on PostgreSQL 18 where the example is for no other: what check says of it, and what apply would do instead. */
export interface WorkedExample {
  /** What stands before the migration. */
  readonly setup: readonly string[]
  /** The migration; the last statement is the hazardous one. */
  readonly migration: readonly string[]
  readonly said: readonly Hazard[]
  readonly planned: PlannedMigration
}

/** Pure; the engine must be loaded. */
export function workedExample(engine: Engine, rule: HazardRule): WorkedExample {
  const [example = ''] = rule.examples.hazardous
  const { setup, migration } = cutExample(engine.parse(new TextEncoder().encode(example)))
  const empty: Catalog = { ...engine.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public'), knowledge: 'whole' }
  const grown = setup.reduce((catalog, statement) => engine.simulate(statement, catalog), empty)
  const before = placed(engine.settle(grown, empty), rule.examples)
  const { statements } = judge(engine, migration, { before })
  const said = hazardsOf(
    panelOf(engine, [rule]),
    statements,
    statements.map(() => 0),
  ).flat()
  const file = asMigration(migration)
  const options = { project: 'example', catalog: before, lockBudgetMs: 100, statementTimeoutMs: 5_000, allow: [], touched: '' }
  const [planned] = plan(engine, [file], options).migrations
  if (planned === undefined) throw new RangeError(`${rule.id} has no plan`)
  return { setup: setup.map(({ sql }) => sql), migration: migration.map(({ sql }) => sql), said, planned }
}

/** What stands before a BEGIN is old by then; without one the last statement is the migration. */
function cutExample(statements: readonly Statement[]): { readonly setup: readonly Statement[]; readonly migration: readonly Statement[] } {
  const begin = statements.findIndex((statement) => controlOf(statement) === 'begin')
  if (begin < 0) return { setup: statements.slice(0, -1), migration: statements.slice(-1) }
  return { setup: statements.slice(0, begin), migration: statements.slice(begin + 1) }
}

function asMigration(statements: readonly Statement[]): Migration {
  const bytes = new TextEncoder().encode(statements.map(({ sql }) => `${sql};\n`).join(''))
  return { id: 'example', source: 'sql', file: 'example.sql', checksum: '', body: { kind: 'sql', bytes }, transaction: 'file', history: {} }
}
