import { expect, test } from 'vitest'
import { postgresEngine } from '../../src/engines.ts'
import type { JournalEvent, StoredMigration } from '../../src/model/journal.ts'
import type { Row } from '../../src/model/session.ts'
import { formatSql } from '../../src/plan/format-sql.ts'
import type { BackfillDefinition } from '../../src/model/backfill.ts'
import { chunkOf, definitionOf, partOf } from '../../src/postgres/backfill/rows.ts'
import { entryOf, storedOf } from '../../src/postgres/journal-rows.ts'
import { planText } from '../../src/report/plan.ts'
import { fold, inFlight } from '../../src/run/state.ts'
import { touchedHash } from '../../src/verbs/touched.ts'
import { faultsOf } from '../support/fuzz.ts'
import { changedWithin, chanceOf } from '../support/mutate.ts'
import { plansOfCases } from '../support/planned.ts'

const hours = 5_400_000
const at = '2026-11-26T10:00:00.000Z'
const engine = await postgresEngine()
const scriptTarget = { dialect: engine.dialect, version: 18 }
await engine.load()
const catalog = engine.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')

const events: readonly JournalEvent[] = [
  { type: 'migration-started', migration: 'a' },
  { type: 'step-started', migration: 'a', step: '1-x' },
  { type: 'step-done', migration: 'a', step: '1-x', ms: 4, attempts: 1 },
  { type: 'migration-failed', migration: 'a', step: '2-y', code: 'step-failed', message: 'no' },
  { type: 'migration-aborting', migration: 'a' },
  { type: 'migration-aborted', migration: 'a' },
  { type: 'migration-done', migration: 'b' },
]

/** The columns as they are written; those that are no JSON are text here. */
function written({ type, migration, ...data }: JournalEvent, seq: number): object {
  return { seq, at, event: type, migration, step: 'step' in data ? data.step : null, data }
}

const asBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** A row as the session gives it: a time is a Date, as far as the text is one, and bytes are bytes. */
function rowOf(value: unknown): Row | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const row = value as Row
  const time = typeof row['at'] === 'string' ? new Date(row['at']) : row['at']
  const body = typeof row['body'] === 'string' ? Buffer.from(row['body'], 'hex') : row['body']
  return { ...row, at: time, body }
}

/**
 * A column of the type jsonb holds nothing but JSON, so what is none stands for nothing. The bytes seldom change what is where, so every
 * second value is changed once more within.
 */
function parsed(input: Buffer): unknown {
  const chance = chanceOf(input.reduce((sum, byte) => Math.imul(sum, 31) + byte, 0))
  try {
    const value: unknown = JSON.parse(input.toString('utf8'))
    return chance.below(2) === 0 ? value : changedWithin(value, chance)
  } catch {
    return undefined
  }
}

const shown = (...times: readonly Date[]): string => times.map((time) => time.toISOString()).join(' ')

test('the journal in any order folds into a state, or is refused by its row', { timeout: hours }, async () => {
  const run = (input: Buffer) => {
    const rows: unknown = parsed(input)
    if (!Array.isArray(rows)) return
    const found = rows.map((row: unknown) => rowOf(row)).filter((row) => row !== undefined)
    const progress = fold(found.map((row) => entryOf(row)))
    for (const id of inFlight(progress)) engine.dialect.literal(id)
    for (const { startedAt, endedAt } of progress.values()) shown(startedAt, endedAt ?? startedAt)
  }
  const rows = events.map(written)
  // One row each too: of many, one that is refused hides the others.
  const corpus = [rows, [...rows, ...rows].toReversed(), ...rows.map((row) => [row])].map(asBytes)
  expect(await faultsOf({ name: 'journal', corpus, share: 0.03, run })).toEqual([])
})

/** What resume and abort look at, and what is shown. */
function goOn({ migration, bytes, history, ledger, startedAt, allowed }: StoredMigration): void {
  const plan = { format: 1, project: 'p', touched: '', migrations: [migration] } as const
  planText({ color: false, width: 100 }, plan)
  formatSql(plan, scriptTarget)
  touchedHash(plan.migrations, catalog)
  const undone = migration.steps.flatMap(({ undo }) => (undo.kind === 'cleanup' ? undo.sql : []))
  const rules = migration.steps.flatMap(({ hazards }) => hazards.map(({ rule }) => rule))
  const values = [...undone, ...rules, ...allowed, ...Object.values(history), Buffer.from(bytes).toString('hex'), startedAt]
  for (const value of values) engine.dialect.literal(value)
  engine.dialect.name(...Object.values(ledger ?? {}))
}

test('a migration in flight can go on from its row, or the row is refused', { timeout: hours }, async () => {
  const corpus = plansOfCases(catalog)
    .flatMap(({ migrations }) => migrations)
    .map((migration, seq) => {
      const stored = {
        migration,
        source: 'sql',
        history: { name: 'a' },
        ledger: { schema: 's', table: 't' },
        allowed: [],
        toolVersion: '1',
      }
      return asBytes({ seq, at, body: '2d2d', migration: migration.id, stored })
    })
  const run = (input: Buffer) => {
    const row = rowOf(parsed(input))
    if (row !== undefined) goOn(storedOf(row, String(row['migration'])))
  }
  expect(await faultsOf({ name: 'stored', corpus, share: 0.04, run })).toEqual([])
})

test('a backfill goes on from its rows, or they are refused', { timeout: hours }, async () => {
  const run = (input: Buffer) => {
    const row = rowOf(parsed(input))
    if (row === undefined) return
    const { cut, bound } = partOf(row)
    const { after, upTo } = chunkOf(row)
    // Each stands in the SQL of a range, as text.
    for (const value of [...(cut ?? []), ...(bound ?? []), ...(after ?? []), ...upTo])
      if (typeof value !== 'string' && !Number.isFinite(value)) throw new Error(`${JSON.stringify(value)} is no place in a table`)
    goOnWith(definitionOf(row['definition'], 's'))
  }
  const definition = { work: { kind: 'update', relation: 'public.t', set: 'a = 1', where: 'a is null', falsifies: true }, triggers: 'fire' }
  const corpus = [
    {
      cut: ['12', 'x'],
      bound: ['99', 'y'],
      after: null,
      up_to: ['5', 'y'],
      definition: { ...definition, walk: { by: 'pages' }, batchTargetMs: 15 },
    },
    {
      cut: [16],
      bound: [64],
      after: [3],
      up_to: [16],
      definition: { ...definition, walk: { by: 'key', columns: ['id'], types: ['integer'] }, batchTargetMs: 15 },
    },
  ].map(asBytes)
  expect(await faultsOf({ name: 'chunk', corpus, share: 0.01, run })).toEqual([])
})

function goOnWith({ work, walk, batchTargetMs }: BackfillDefinition): void {
  const texts = [work.relation, work.where, ...(walk.by === 'key' ? [...walk.columns, ...walk.types] : [])]
  if (!Number.isFinite(batchTargetMs) || texts.some((text) => typeof text !== 'string')) throw new Error('it would be run')
}
