import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { placed } from '../../src/check/example.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import type { Examples } from '../../src/model/hazard.ts'
import { emptyCatalog } from '../../src/postgres/empty-catalog.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { hazards } from '../../src/postgres/hazards/index.ts'
import { loadParser } from '../../src/postgres/parse.ts'
import { measuredLocks } from '../../src/postgres/measured-locks.ts'
import { operations } from '../../src/postgres/operations/index.ts'
import { rewrites } from '../../src/postgres/rewrites/index.ts'
import { connect, type PostgresSession } from '../../src/postgres/session.ts'
import { simulate } from '../../src/postgres/simulate.ts'
import { workedExample } from '../../src/verbs/explain.ts'
import { hazardsIn, judgeExample, readExample, settled, unaskedIn, type Example, type JudgedExample } from '../support/hazard-examples.ts'
import { rewriteCases } from '../support/rewrite-cases.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

await loadParser()

describe.each(hazards.map((rule) => [rule.id, rule] as const))('the rule %s', (id, rule) => {
  const examples = [...rule.examples.hazardous, ...rule.examples.safe]

  test('is found under its id', () => {
    expect(existsSync(new URL(`../../src/postgres/hazards/${id}.ts`, import.meta.url))).toBe(true)
    expect(hazards.filter((other) => other.id === id)).toHaveLength(1)
  })

  test('says why, on what ground, and shows both sides', () => {
    expect(rule.title.length, 'title').toBeGreaterThan(10)
    expect(rule.why.length, 'why').toBeGreaterThan(60)
    expect(rule.source, 'source').toMatch(/https:\/\/|measured|\.c\)/)
    expect(rule.examples.hazardous.length, 'hazardous').toBeGreaterThan(0)
    expect(rule.examples.safe.length, 'safe').toBeGreaterThan(0)
  })

  test('shows what each server did with its first example, and what apply does instead', () => {
    expect(
      (measuredLocks[id] ?? []).flatMap(({ versions }) => versions),
      'npm run probe -- examples',
    ).toEqual([13, 14, 15, 16, 17, 18])
    const { said, planned } = workedExample(postgres, rule)
    expect(said).not.toHaveLength(0)
    // Only what changes nothing is left out of a plan.
    expect(planned.steps.length + planned.blocked.length > 0).toBe(id !== 'if-not-exists-still-locks')
  })

  test.each(rule.examples.hazardous)('speaks on: %s', (sql) => {
    const found = hazardsIn(rule, pure(sql, rule.examples))
    expect(found).not.toHaveLength(0)
    for (const hazard of found) {
      expect(hazard.rule).toBe(id)
      expect(hazard.message).toContain(hazard.relation ?? '')
      expect(`${hazard.message} ${hazard.fix}`).not.toMatch(/undefined|\[object|NaN|  /)
      expect([undefined, ...[...rewrites, ...operations].map(({ id }) => id)]).toContain(hazard.rewrite)
    }
  })

  test.each(rule.examples.safe)('is silent on: %s', (sql) => {
    expect(hazardsIn(rule, pure(sql, rule.examples))).toEqual([])
  })

  test('does not stumble over the examples of the other rules', () => {
    const others = hazards
      .flatMap((other) => [...other.examples.hazardous, ...other.examples.safe])
      .filter((sql) => !examples.includes(sql))
    for (const sql of others) {
      for (const { message } of hazardsIn(rule, pure(sql))) expect(message).not.toMatch(/undefined|NaN/)
    }
  })

  test('is asked about every kind of statement that its file speaks of', () => {
    const { on } = rule
    if (on === undefined) return
    const [, code = ''] = readFileSync(new URL(`../../src/postgres/hazards/${id}.ts`, import.meta.url), 'utf8').split('  detect(')
    const named = [...code.matchAll(/'(AT_\w+|\w+Stmt)'/g)].map(([, name = '']) => name)
    const asked: readonly string[] = [
      ...on,
      ...(lookedBackAt[id] ?? []),
      ...(on.some((topic) => topic.startsWith('AT_')) ? ['AlterTableStmt'] : []),
    ]
    expect(named.filter((name) => !asked.includes(name))).toEqual([])
  })

  test('has nothing to say of statements that it is not asked about', () => {
    const scripts = [...hazards.flatMap((other) => [...other.examples.hazardous, ...other.examples.safe]), ...migrations]
    for (const sql of scripts) expect(unaskedIn(rule, pure(sql)), sql).toEqual([])
  })
})

/** What a rule looks for in the rest of the transaction, or inside the statement. */
const lookedBackAt: { readonly [id: string]: readonly string[] } = {
  'add-not-null-existing': ['AT_ColumnDefault'],
  'drop-function': ['CreateFunctionStmt'],
  'index-replaced-in-gap': ['DropStmt'],
  'revoke-privilege': ['CreateFunctionStmt'],
  'row-security-without-policy': ['CreatePolicyStmt'],
  'security-definer-search-path': ['VariableSetStmt'],
}

/** What each rewrite is tried on, as one transaction on tables that are there already. */
const migrations = rewriteCases().map(({ setup, migration }) => `${setup}; begin; ${migration}`)

const judged = new Map<string, JudgedExample>()

/** On a catalog that was made without a server, and in which nothing is but what the example makes. */
function pure(sql: string, place: Pick<Examples, 'server' | 'bytes'> = {}): JudgedExample {
  const name = `${place.server ?? ''} ${place.bytes ?? ''} ${sql}`
  const known = judged.get(name)
  if (known !== undefined) return known
  const example = readExample(sql)
  const setup = example.setup.reduce((catalog, statement) => simulate(statement, catalog), emptyOf(18))
  const made = judgeExample(example, placed(settled(setup), place))
  judged.set(name, made)
  return made
}

function emptyOf(version: number): Catalog {
  return { ...emptyCatalog({ flavor: 'postgresql', version }, 'public'), knowledge: 'whole' }
}

forEachVersion('the examples of the rules', (version) => {
  let database: TestDatabase
  let session: PostgresSession
  beforeAll(async () => {
    database = await freshDatabase(version)
    session = await connect({ url: database.url, applicationName: 'conformance', schema: 'public' })
  }, 120_000)
  afterAll(async () => {
    await session.close()
    await database.drop()
  })

  test('are judged alike on the catalog that the server itself gives', async () => {
    for (const rule of hazards) {
      for (const kind of ['hazardous', 'safe'] as const) {
        for (const sql of rule.examples[kind]) {
          const example = readExample(sql)
          const found = hazardsIn(rule, judgeExample(example, placed(await catalogAfter(example), rule.examples))).length
          expect(found > 0 ? 'hazardous' : 'safe', `${rule.id}: ${sql}`).toBe(kind)
        }
      }
    }
  }, 300_000)

  /** Statements that cannot run in a transaction are no setup of any example. */
  async function catalogAfter({ setup }: Example): Promise<Catalog> {
    await session.script(['begin', ...setup.map(({ sql }) => sql)])
    try {
      // The server says nothing of what a session has set for itself.
      const { timeouts } = setup.reduce((catalog, statement) => simulate(statement, catalog), emptyOf(version))
      return { ...(await session.readCatalog()), ...(timeouts !== undefined && { timeouts }) }
    } finally {
      await session.script(['rollback'])
    }
  }
})
