import { isAbout } from '../../src/check/hazards.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import type { Hazard, HazardInput, HazardRule, Judged } from '../../src/model/hazard.ts'
import type { Statement } from '../../src/model/statement.ts'
import { facts } from '../../src/postgres/facts.ts'
import type { PgNode } from '../../src/postgres/node.ts'
import { parse } from '../../src/postgres/parse.ts'
import { simulate } from '../../src/postgres/simulate.ts'
import { split } from '../../src/postgres/split.ts'
import { topicsOf } from '../../src/postgres/topics.ts'

export interface Example {
  /** What was there before: its tables are not new. */
  readonly setup: readonly Statement<PgNode>[]
  /** The transaction whose last statement is judged. */
  readonly transaction: readonly Statement<PgNode>[]
}

/** Cuts an example at its BEGIN; without one the last statement is alone. */
export function readExample(sql: string): Example {
  const statements = parse(Buffer.from(sql))
  const begin = statements.findIndex(({ kind }) => kind === 'TransactionStmt')
  if (begin < 0) return { setup: statements.slice(0, -1), transaction: statements.slice(-1) }
  return { setup: statements.slice(0, begin), transaction: statements.slice(begin + 1) }
}

/** The catalog as it is once the migrations that made it are long deployed. */
export function settled(catalog: Catalog): Catalog {
  return { ...catalog, relations: new Map([...catalog.relations].map(([key, relation]) => [key, { ...relation, isNew: false }])) }
}

export interface JudgedExample {
  /** All actions of the transaction. */
  readonly judged: readonly Judged<PgNode>[]
  /** Where the actions of its last statement begin. */
  readonly last: number
}

/** Judges the transaction of an example, statement by statement, on the catalog that it finds. */
export function judgeExample({ transaction }: Example, before: Catalog): JudgedExample {
  const judged: Judged<PgNode>[] = []
  let catalog = before
  let last = 0
  for (const statement of transaction) {
    last = judged.length
    for (const action of split(statement)) {
      judged.push({ statement: action, facts: facts(action, catalog), before: catalog })
      catalog = simulate(action, catalog)
    }
  }
  return { judged, last }
}

/** What a rule says of the last statement, as far as it is asked. */
export function hazardsIn(rule: HazardRule<PgNode>, example: JudgedExample): readonly Hazard[] {
  return lastOf(example).flatMap((input) => (isAbout(rule, topicsOf(input.statement)) ? rule.detect(input) : []))
}

/** What a rule would say of the parts that it is not asked about. */
export function unaskedIn(rule: HazardRule<PgNode>, example: JudgedExample): readonly Hazard[] {
  return lastOf(example).flatMap((input) => (isAbout(rule, topicsOf(input.statement)) ? [] : rule.detect(input)))
}

function lastOf({ judged, last }: JudgedExample): readonly HazardInput<PgNode>[] {
  return judged.slice(last).map((each, offset) => ({ ...each, transaction: judged, at: last + offset }))
}
