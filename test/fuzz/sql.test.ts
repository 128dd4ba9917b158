import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { check } from '../../src/check/check.ts'
import { judge } from '../../src/check/judge.ts'
import { postgresEngine } from '../../src/engines.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import { LockkeeperError } from '../../src/model/errors.ts'
import type { Migration } from '../../src/model/migration.ts'
import { formatSql } from '../../src/plan/format-sql.ts'
import { plan } from '../../src/plan/plan.ts'
import { scan } from '../../src/postgres/parse.ts'
import { checkOutputs } from '../../src/report/check.ts'
import { planText } from '../../src/report/plan.ts'
import { faultsOf, sqlCases } from '../support/fuzz.ts'

const engine = await postgresEngine()
const scriptTarget = { dialect: engine.dialect, version: 18 }
const style = { color: false, width: 100 }
const setup = readFileSync(resolve(import.meta.dirname, '../cases/facts/setup.sql'))
const base = engine.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')
const { after } = judge(engine, engine.parse(setup), { before: base })
const whole: Catalog = engine.settle(after, base)
const partial: Catalog = { ...base, knowledge: 'partial' }

const examples = engine.hazards.flatMap((rule) => [...rule.examples.hazardous, ...rule.examples.safe])
const comments = [
  '-- lockkeeper-ignore drop-table: it is ours (until 2027-01-31)\nDROP TABLE p.t;',
  '-- lockkeeper-ignore-file drop-column: the column is unused\nSELECT 1;\n-- lockkeeper-ignore truncate\nTRUNCATE p.t;',
]
const corpus = [...sqlCases(), ...examples, ...comments].map((sql) => Buffer.from(sql))

function migrationOf(bytes: Uint8Array): Migration {
  return { id: '1_fuzz', source: 'sql', file: '1_fuzz.sql', checksum: '', body: { kind: 'sql', bytes }, transaction: 'file', history: {} }
}

/** What the statements find: nothing that is known, the tables of the forms, or those after what another input did to them. */
function catalogFor(bytes: Buffer): Catalog {
  const other = corpus[bytes.length % corpus.length]
  switch (bytes.length % 3) {
    case 0:
      return partial
    case 1:
      return whole
    default:
      return engine.settle(judge(engine, engine.parse(other ?? Buffer.from('')), { before: whole }).after, whole)
  }
}

async function everything(bytes: Buffer): Promise<void> {
  await engine.load()
  const statements = engine.parse(bytes)
  try {
    judgeAndPlan(bytes, statements)
  } catch (error) {
    // What was read once must not be refused as unreadable later.
    if (error instanceof LockkeeperError && error.code === 'syntax') throw new Error(error.message, { cause: error })
    throw error
  }
}

function judgeAndPlan(bytes: Buffer, statements: ReturnType<typeof engine.parse>): void {
  const migration = migrationOf(bytes)
  const catalog = catalogFor(bytes)
  const report = check(engine, [{ migration, statements, observed: [] }], {
    catalog,
    versions: [13, 18],
    together: true,
    today: '2026-11-26',
    notes: [],
  })
  for (const output of Object.values(checkOutputs))
    output(report, { style, folder: '', failOn: 'error', rules: engine.hazards, toolVersion: '0' })
  // Each statement has an answer.
  if (report.migrations[0]?.statements.length !== statements.length) throw new Error('a statement has no verdict')
  const made = plan(engine, [migration], { project: 'p', catalog, lockBudgetMs: 100, statementTimeoutMs: 1000, allow: [], touched: '' })
  planText(style, made)
  engine.parse(Buffer.from(formatSql(made, scriptTarget)))
}

test('SQL of any kind ends in verdicts and a plan whose script can be parsed, or in a typed error', async () => {
  expect(await faultsOf({ name: 'sql', corpus, share: 0.48, run: everything })).toEqual([])
}, 5_400_000)

test('text of any kind is cut into tokens, or refused with a typed error', async () => {
  expect(await faultsOf({ name: 'tokens', corpus, share: 0.05, run: (input) => void scan(input.toString('utf8')) })).toEqual([])
}, 5_400_000)

test('the mutations leave enough that can be parsed', () => {
  const parses = corpus.filter((bytes) => {
    try {
      return engine.parse(bytes).length > 0
    } catch (error) {
      if (error instanceof LockkeeperError) return false
      throw error
    }
  })
  expect(parses.length).toBeGreaterThan(corpus.length * 0.95)
})
