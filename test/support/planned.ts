import type { Catalog } from '../../src/model/catalog.ts'
import { LockkeeperError } from '../../src/model/errors.ts'
import type { Migration } from '../../src/model/migration.ts'
import type { Plan, PlannedMigration, Work } from '../../src/model/plan.ts'
import { workText } from '../../src/model/work-text.ts'
import { plan } from '../../src/plan/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { sqlCases } from './fuzz.ts'

/** The catalog after these statements have been there for a while. */
export function catalogAfter(sql: string, version = 18): Catalog {
  const start = postgres.emptyCatalog({ flavor: 'postgresql', version }, 'public')
  const grown = postgres.parse(Buffer.from(sql)).reduce((catalog, statement) => postgres.simulate(statement, catalog), start)
  return { ...grown, relations: new Map([...grown.relations].map(([key, relation]) => [key, { ...relation, isNew: false }])) }
}

export function sqlMigration(sql: string, id = 'm1'): Migration {
  return {
    id,
    source: 'sql',
    file: `${id}.sql`,
    checksum: '',
    body: { kind: 'sql', bytes: Buffer.from(sql) },
    transaction: 'file',
    history: {},
  }
}

export function planAll(catalog: Catalog, migrations: readonly Migration[], allow: readonly string[] = []): Plan {
  return plan(postgres, migrations, { project: 'p', catalog, lockBudgetMs: 100, statementTimeoutMs: 5_000, allow, touched: '' })
}

export function planOne(catalog: Catalog, sql: string, allow: readonly string[] = []): PlannedMigration {
  const [planned] = planAll(catalog, [sqlMigration(sql)], allow).migrations
  if (planned === undefined) throw new Error('nothing is planned')
  return planned
}

/** The text of each step: of a backfill its SET and WHERE, of partitions the template. */
export function textsOf({ steps }: PlannedMigration): readonly string[] {
  return steps.map((step) => {
    if (step.kind === 'sql') return step.sql.join('; ')
    if (step.kind === 'each') return step.template.flatMap(({ sql }) => sql).join('; ')
    if (step.kind === 'code') return step.call
    if (step.kind === 'gate') return step.gates.map(({ kind }) => kind).join(', ')
    return backfillWords(step.work)
  })
}

function backfillWords(work: Work): string {
  if (work.kind === 'update') return `fill ${work.set} where ${work.where}`
  return work.kind === 'delete' ? `delete where ${work.where}` : workText(work)
}

/** Plans with steps of all kinds: those that the SQL of the cases leads to, one migration each, named by its place. */
export function plansOfCases(catalog: Catalog): readonly Plan[] {
  return sqlCases().flatMap((sql, at) => {
    try {
      const made = planAll(catalog, [sqlMigration(sql, `${at}`)])
      return made.migrations.some(({ steps }) => steps.length > 0) ? [made] : []
    } catch (error) {
      if (error instanceof LockkeeperError) return []
      throw error
    }
  })
}
