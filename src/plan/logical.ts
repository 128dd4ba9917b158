import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { PlannedMigration } from '../model/plan.ts'

/**
 * The schema as the ORM believes it to be (H3): what the server has, once the contract of each expanded migration has been taken. Later files are
 * judged on it.
 */
export function logicalCatalog<Node>(
  engine: Pick<Engine<Node>, 'parse' | 'simulate' | 'settle'>,
  physical: Catalog,
  expanded: readonly PlannedMigration[],
): Catalog {
  const contracts = expanded.flatMap(({ steps }) => steps.slice(steps.findIndex(({ kind }) => kind === 'gate') + 1))
  const texts = contracts.flatMap((step) => (step.kind === 'sql' ? step.sql : []))
  const after = texts
    .flatMap((sql) => engine.parse(new TextEncoder().encode(sql)))
    .reduce((catalog, statement) => engine.simulate(statement, catalog), physical)
  return engine.settle(after, physical)
}
