import type { JudgedStatement } from '../check/judge.ts'
import { judge } from '../check/judge.ts'
import { estimateOf } from '../check/estimates.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Plan, SqlStep, Step } from '../model/plan.ts'
import type { Estimate, Statistics } from '../model/statistics.ts'
import { takeStatistics, worksOn } from './statistics.ts'
import type { Target } from './target.ts'

/**
 * The plan with how long each step of SQL works once it has its locks, from a short read-only sample of the server. Steps of other kinds have none:
 * a backfill takes as long as its pauses, and what code does is not known.
 */
export async function withEstimates({ engine, session }: Target, plan: Plan): Promise<Plan> {
  const catalog = await session.readCatalog()
  const judged = judgedSteps(engine, plan, catalog)
  const relations = worksOn([...judged.values()].flat())
  if (relations.length === 0) return plan
  const statistics = await takeStatistics(engine, { session, catalog, relations })
  if (statistics === undefined) return plan
  const timed = (step: Step): Step => {
    const estimate = sumOf(engine, judged.get(step) ?? [], statistics)
    return estimate === undefined ? step : { ...step, estimate }
  }
  return { ...plan, migrations: plan.migrations.map((migration) => ({ ...migration, steps: migration.steps.map(timed) })) }
}

/** Each step of SQL on what the steps before it left. */
function judgedSteps(engine: Engine, { migrations }: Plan, catalog: Catalog): ReadonlyMap<Step, readonly JudgedStatement<unknown>[]> {
  const steps = migrations.flatMap((migration) => migration.steps).filter((step): step is SqlStep => step.kind === 'sql')
  const judged = new Map<Step, readonly JudgedStatement<unknown>[]>()
  let before = catalog
  for (const step of steps) {
    const statements = step.sql.flatMap((sql) => engine.parse(new TextEncoder().encode(sql)))
    const { statements: mine, after } = judge(engine, statements, { before })
    judged.set(step, mine)
    before = after
  }
  return judged
}

/** Of all statements of a step; the one that takes longest says what it follows from. Nothing where one of them cannot be told. */
function sumOf(engine: Engine, statements: readonly JudgedStatement<unknown>[], statistics: Statistics): Estimate | undefined {
  const all = statements.map((statement) => estimateOf(engine, statement, statistics))
  const known = all.flatMap((each) => (each.kind === 'range' ? [each.estimate] : []))
  const [longest] = known.toSorted((one, other) => other.highMs - one.highMs)
  if (longest === undefined || all.some(({ kind }) => kind === 'unknown')) return undefined
  const total = (of: (estimate: Estimate) => number) => known.reduce((sum, estimate) => sum + of(estimate), 0)
  return { lowMs: total(({ lowMs }) => lowMs), highMs: total(({ highMs }) => highMs), basis: longest.basis }
}
