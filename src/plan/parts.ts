import { statementsOf } from '../check/statements.ts'
import type { Role } from '../model/bond.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import type { Migration } from '../model/migration.ts'
import type { Statement } from '../model/statement.ts'
import type { PlanEngine } from './options.ts'

/** One statement, or one action of an ALTER TABLE, judged on the catalog that it finds. */
export interface Part<Node> {
  readonly judged: Judged<Node>
  readonly role: Role
  /** The statement that it was cut out of: itself where that has one action. */
  readonly origin: Statement<Node>
  /** How many parts its origin has. */
  readonly siblings: number
}

/** The parts of a migration in order, and the catalog behind the last. */
export function readParts<Node>(
  engine: PlanEngine<Node>,
  migration: Migration,
  before: Catalog,
): { readonly parts: readonly Part<Node>[]; readonly after: Catalog } {
  let catalog = before
  const parts = statementsOf(engine, migration).flatMap((origin) => {
    const statements = engine.split(origin)
    return statements.map((statement): Part<Node> => {
      const judged = { statement, facts: engine.facts(statement, catalog), before: catalog }
      catalog = engine.simulate(statement, catalog)
      return { judged, role: engine.role(statement), origin, siblings: statements.length }
    })
  })
  return { parts, after: catalog }
}
