import type { Migration } from '../model/migration.ts'
import type { PlannedMigration, SqlStep, Step } from '../model/plan.ts'
import type { RewriteOptions, VersionScope } from '../model/rewrite.ts'
import type { VersionAsked } from '../model/versions.ts'
import { gateStep } from './contract.ts'
import type { PlanEngine, PlanOptions } from './options.ts'

/** What the operations of a migration must know of versions; undefined where applications use the tables themselves. */
export function versionScope<Node>(engine: PlanEngine<Node>, migration: Migration, options: PlanOptions): VersionScope | undefined {
  const { versions: views } = engine
  if (views === undefined || options.versions === undefined || migration.version === undefined) return undefined
  const { physical } = options.versions
  const earlier = earlierSchemas(engine, options)
  return { earlier, views: views.onTables(physical, earlier) }
}

/** Schemas of earlier versions that stand. */
export function earlierSchemas<Node>({ versions: views }: PlanEngine<Node>, { versions }: PlanOptions): readonly string[] {
  return views === undefined || versions === undefined ? [] : views.standing(versions.physical, versions.all)
}

interface Run {
  readonly migrations: readonly Migration[]
  readonly options: PlanOptions
}

/**
 * The run's migrations with the views of their last version, which are the end of its expansion, and the way of the earlier versions out: each
 * contract first drops their views of the tables that it changes, and the last one drops their schemas. However many files there are, the live
 * version keeps its schema throughout (ADR 17).
 */
export function withVersion<Node>(
  engine: PlanEngine<Node>,
  planned: readonly PlannedMigration[],
  { migrations, options }: Run,
): readonly PlannedMigration[] {
  const { versions: views } = engine
  const { versions: known, lockBudgetMs, statementTimeoutMs, catalog } = options
  const last = planned.at(-1)
  const version = migrations.find(({ id }) => id === last?.id)?.version
  if (views === undefined || known === undefined || last === undefined || version === undefined) return planned
  const limits: RewriteOptions = { lockBudgetMs, statementTimeoutMs, physical: catalog }
  const asked: VersionAsked = {
    version,
    physical: known.physical,
    earlier: earlierSchemas(engine, options),
    expand: planned.flatMap(({ steps }) => sqlOf(parted(steps).expand)),
    contracts: [...known.contracts, ...planned.flatMap(({ steps }) => sqlOf(parted(steps).contract))],
  }
  const leaving = (contract: readonly Step[]) => views.leaveTables(tablesOf(contract), asked, limits)
  const layer = views.layer(asked, limits)
  return planned.map((migration) => {
    const { expand, gate, contract } = parted(migration.steps)
    const contracted = gate === undefined ? [] : [gate, ...leaving(contract), ...contract]
    if (migration !== last) return { ...migration, steps: [...expand, ...contracted] }
    const [opened, ...behind] = contracted.length === 0 && layer.gates.length > 0 ? [gateStep([], [])] : contracted
    const gates = opened?.kind === 'gate' ? [{ ...opened, gates: [...opened.gates, ...layer.gates] }] : []
    return {
      ...migration,
      blocked: [...migration.blocked, ...layer.refused],
      steps: [...expand, ...layer.show, ...gates, ...behind, ...layer.leave],
      ...(layer.show.length > 0 && { shows: layer.schema }),
    }
  })
}

function parted(steps: readonly Step[]) {
  const at = steps.findIndex(({ kind }) => kind === 'gate')
  const gate = steps.find((step) => step.kind === 'gate')
  return at < 0 ? { expand: steps, contract: [] } : { expand: steps.slice(0, at), gate, contract: steps.slice(at + 1) }
}

function sqlOf(steps: readonly Step[]): readonly string[] {
  return steps.filter((step): step is SqlStep => step.kind === 'sql').flatMap(({ sql }) => sql)
}

function tablesOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => (step.kind === 'sql' ? step.locks.map(({ relation }) => relation) : []))
}
