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
  const after = contractSql(expanded)
    .flatMap((sql) => engine.parse(new TextEncoder().encode(sql)))
    .reduce((catalog, statement) => engine.simulate(statement, catalog), physical)
  return engine.settle(after, physical)
}

/** What their contracts will say, oldest first. */
export function contractSql(expanded: readonly PlannedMigration[]): readonly string[] {
  const contracts = expanded.flatMap(({ steps }) => steps.slice(steps.findIndex(({ kind }) => kind === 'gate') + 1))
  return contracts.flatMap((step) => (step.kind === 'sql' ? step.sql : []))
}
