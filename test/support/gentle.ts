import type { Catalog } from '../../src/model/catalog.ts'
import type { PlannedMigration, SqlStep, Step } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { forLeaf } from './take-steps.ts'

/**
 * What a plan does under a lock that makes plain reads or writes of an old table wait: nothing, if it keeps law 2. Judged from
 * the text of the steps alone, statement by statement, a lock being held until the end of its step.
 */
export function worksUnderLocks(migration: PlannedMigration, before: Catalog): readonly string[] {
  let catalog = before
  return migration.steps.flatMap((step) => {
    return partsOf(step, catalog).flatMap((part) => {
      const { found, after } = judge(part, catalog)
      catalog = after
      return found
    })
  })
}

/** What is SQL in a step: of one for partitions, its template for each that is there. */
function partsOf(step: Step, catalog: Catalog): readonly SqlStep[] {
  if (step.kind === 'sql') return [step]
  if (step.kind !== 'each') return []
  const leaves = (catalog.relations.get(step.relation)?.children ?? []).flatMap((key) => catalog.relations.get(key) ?? [])
  return leaves.filter(({ kind }) => kind === 'table').flatMap((leaf) => step.template.map((part) => forLeaf(step, part, leaf)))
}

function judge(step: SqlStep, before: Catalog): { readonly found: readonly string[]; readonly after: Catalog } {
  let catalog = before
  let held: readonly string[] = []
  const found = [...step.session, ...step.sql]
    .flatMap((sql) => postgres.parse(Buffer.from(sql)))
    .flatMap((statement) => {
      const isOld = (relation: string) => catalog.relations.get(relation)?.isNew === false
      const facts = postgres.facts(statement, catalog)
      held = [
        ...held,
        ...facts.locks
          .filter((lock) => lock.blocksReads || lock.blocksWrites)
          .map(({ relation }) => relation)
          .filter(isOld),
      ]
      const work = facts.scans.every(isOld) ? [...facts.scans, ...facts.rewrites, ...facts.builds] : []
      catalog = postgres.simulate(statement, catalog)
      return held.length > 0 && work.length > 0 ? [`${step.title}: works on ${work.join(', ')} while ${held.join(', ')} is locked`] : []
    })
  return { found, after: catalog }
}
