import type { Catalog } from '../model/catalog.ts'
import type { Hazard } from '../model/hazard.ts'
import type { Doubled, Expanded, PlannedMigration, Waiting } from '../model/plan.ts'
import type { Item } from './cut.ts'
import type { PlanEngine } from './options.ts'
import type { Part } from './parts.ts'

/** What a planned migration leaves open; undefined where it has no gate. */
export function openedBy({ id, steps }: Pick<PlannedMigration, 'id' | 'steps'>): Expanded | undefined {
  const doubled = steps.flatMap((step) => (step.kind === 'gate' ? step.doubled : []))
  return doubled.length === 0 ? undefined : { migration: id, doubled }
}

/** The first open one that a migration touches (H11). */
export function waitsFor<Node>(
  engine: Pick<PlanEngine<Node>, 'touches'>,
  { id, parts }: { readonly id: string; readonly parts: readonly Part<Node>[] },
  open: readonly Expanded[],
): Waiting | undefined {
  for (const { migration, doubled } of open)
    for (const { judged } of parts) {
      const found = doubled.find((each) => engine.touches(judged, each))
      if (found !== undefined) return { migration: id, behind: migration, what: doubledText(found) }
    }
  return undefined
}

interface Ground {
  readonly open: readonly Expanded[]
  /** What the migration finds. */
  readonly catalog: Catalog
}

/**
 * The first open one that a migration touches by what becomes of it: an index over a column that stands twice, made once more for another column,
 * would go with the one of the two that goes.
 */
export function waitsBySteps<Node>(
  engine: Pick<PlanEngine<Node>, 'touches' | 'parse' | 'facts' | 'simulate'>,
  { id, steps }: Pick<PlannedMigration, 'id' | 'steps'>,
  { open, catalog }: Ground,
): Waiting | undefined {
  if (open.length === 0) return undefined
  const gate = steps.findIndex(({ kind }) => kind === 'gate')
  let before = catalog
  for (const step of gate < 0 ? steps : steps.slice(0, gate)) {
    const statements = step.kind === 'sql' ? step.sql.flatMap((sql) => engine.parse(new TextEncoder().encode(sql))) : []
    for (const statement of statements) {
      const judged = { statement, facts: engine.facts(statement, before), before }
      before = engine.simulate(statement, before)
      const found = open.flatMap(({ migration, doubled }) =>
        doubled.flatMap((each) => (engine.touches(judged, each) ? [{ migration, each }] : [])),
      )[0]
      if (found !== undefined) return { migration: id, behind: found.migration, what: doubledText(found.each) }
    }
  }
  return undefined
}

/** "the columns name and full_name of public.users" */
function doubledText({ relation, columns, what }: Doubled): string {
  if (what !== undefined) return what
  if (columns === undefined) return relation
  return `the column${columns.length === 1 ? '' : 's'} ${columns.join(' and ')} of ${relation}`
}

/** Statements that touch what an earlier one of the same file keeps double: what they do would be lost, or be in the way, at the contract. */
export function touchedWithin<Node>(engine: Pick<PlanEngine<Node>, 'touches'>, items: readonly Item<Node>[]): readonly Hazard[] {
  const doubled: Doubled[] = []
  return items.flatMap((item) => {
    // A statement of an operation that stands further on in the file.
    const isPart = item.kind === 'rewritten' && item.gives === true && item.steps.length === 0
    const follows = item.kind === 'rewritten' && item.later?.follows === true
    const found = (isPart || follows ? [] : item.parts).flatMap(({ judged }) => {
      const touched = doubled.find((each) => engine.touches(judged, each))
      return touched === undefined ? [] : [needsContract(judged.statement.line, touched)]
    })
    if (item.kind === 'rewritten' && item.later !== undefined) doubled.push(...item.later.doubled)
    return found
  })
}

function needsContract(line: number, doubled: Doubled): Hazard {
  return {
    rule: 'needs-contract-first',
    severity: 'error',
    message: `line ${line}: an earlier statement of this migration keeps ${doubledText(doubled)} double until its contract, and this one touches it`,
    fix: 'Move the statement into a migration of its own behind this one; lockkeeper apply takes it once this one is complete.',
    relation: doubled.relation,
    breaksOldApp: false,
  }
}
