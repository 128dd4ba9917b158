import { statementsOf } from '../check/statements.ts'
import { withUpDown } from '../check/up-down.ts'
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

interface Ground {
  readonly before: Catalog
  /** The user wants statements as they stand. */
  readonly asWritten?: boolean
}

/** The parts of a migration in order, and the catalog behind the last. */
export function readParts<Node>(
  engine: PlanEngine<Node>,
  migration: Migration,
  { before, asWritten = false }: Ground,
): { readonly parts: readonly Part<Node>[]; readonly after: Catalog } {
  let catalog = before
  const all = statementsOf(engine, migration)
  const kept = asWritten ? new Set() : engine.keptKeys(all, before)
  const origins = all.filter((statement) => !kept.has(statement))
  const judged = origins.map((origin) =>
    engine.split(origin).map((statement): Judged<Node> => {
      const one = { statement, facts: engine.facts(statement, catalog), before: catalog }
      catalog = engine.simulate(statement, catalog)
      return one
    }),
  )
  const told = withUpDown(engine, { migration, statements: origins, parts: judged, after: catalog })
  const parts = origins.flatMap((origin, at) => partsOf(engine, origin, told[at] ?? []))
  return { parts, after: catalog }
}

function partsOf<Node>(engine: PlanEngine<Node>, origin: Statement<Node>, all: readonly Judged<Node>[]): readonly Part<Node>[] {
  return all.map((judged) => ({ judged, role: engine.role(judged.statement), origin, siblings: all.length }))
}
