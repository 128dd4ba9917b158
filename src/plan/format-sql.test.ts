import { expect, test } from 'vitest'
import type { Plan, Step } from '../model/plan.ts'
import { postgresDialect } from '../postgres/quote.ts'
import { formatSql } from './format-sql.ts'

const lock = { relation: 'public.orders', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true } as const
const base = { phase: 'expand', hazards: [], undo: { kind: 'free' } } as const
const sql = {
  ...base,
  kind: 'sql',
  session: [],
  locks: [lock],
  lockTimeoutMs: 100,
  statementTimeoutMs: 5_000,
  waitsForSnapshots: false,
} as const

function scriptOf(...steps: readonly Step[]): string {
  const migration = { id: 'm1', source: 'sql', file: 'm1.sql', checksum: '', checks: [], steps, blocked: [] } as const
  const plan: Plan = { format: 1, project: 'public', touched: '', migrations: [migration] }
  return formatSql(plan, { dialect: postgresDialect, version: 18 })
}

test('a transactional step stands between BEGIN and COMMIT with its timeouts, and says what it locks', () => {
  const script = scriptOf({
    ...sql,
    id: '1-add',
    title: 'add column note',
    sql: ['ALTER TABLE orders ADD COLUMN note text'],
    transaction: true,
  })
  expect(script).toContain(`-- Locks public.orders (ACCESS EXCLUSIVE).
-- Run it again until it gets through: nobody waits longer than 100 ms behind it.
BEGIN;
SET LOCAL lock_timeout = 100;
SET LOCAL statement_timeout = 5000;
ALTER TABLE orders ADD COLUMN note text;
COMMIT;`)
})

test('what cannot be in a transaction stands alone, without a lock timeout that would leave it half done', () => {
  const probe = { sql: 'SELECT', cleanup: ['DROP INDEX CONCURRENTLY IF EXISTS i'] }
  const script = scriptOf({
    ...sql,
    id: '1-i',
    title: 'build i',
    sql: ['CREATE INDEX CONCURRENTLY i ON orders (a)'],
    transaction: false,
    lockTimeoutMs: 0,
    statementTimeoutMs: 0,
    probe,
  })
  expect(script).not.toContain('BEGIN')
  expect(script).toContain(`-- If it fails, first run: DROP INDEX CONCURRENTLY IF EXISTS i;
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY i ON orders (a);`)
})

test('a name with a line break cannot leave its comment', () => {
  const script = scriptOf({ ...sql, id: '1-x', title: 'add "a\nDROP TABLE orders;"', sql: ['SELECT 1'], transaction: true })
  expect(script.split('\n')).toContain('-- DROP TABLE orders;".')
  const returned = scriptOf({ ...sql, id: '1-x', title: 'add "a\rDROP TABLE orders;"', sql: ['SELECT 1'], transaction: true })
  expect(returned.split(/[\n\r]/)).toContain('-- DROP TABLE orders;".')
})

test('a step that is a module of the user names it, and nothing can go on past it', () => {
  const work = {
    kind: 'code',
    relation: 'public.t',
    where: 'a IS NULL',
    falsifies: true,
    module: 'f.ts',
    export: 'fill',
    hash: 'h',
  } as const
  const script = scriptOf({ ...base, kind: 'backfill', id: '1-x', title: 'fill', work, walk: { by: 'pages' }, batchTargetMs: 15 })
  expect(script).toContain('-- fill() of f.ts changes the rows of: SELECT * FROM public.t WHERE a IS NULL')
  expect(script).toContain("RAISE EXCEPTION 'this step is code")
})

test('a batched change names its procedure after migration and step, and says what it needs', () => {
  const work = { kind: 'update', relation: 'public.t', set: 'a = {now}', where: 'true', falsifies: false } as const
  const walk = { by: 'key', columns: ['id'], types: ['bigint'] } as const
  const script = scriptOf({ ...base, kind: 'backfill', id: '2-fill', title: 'fill', work, walk, batchTargetMs: 15 })
  expect(script).toContain('-- The start of the run stands for now(), the same for all rows.')
  expect(script).toContain('CALL pg_temp."_lk_m1_2-fill"();')
  expect(script).toContain('CREATE TABLE IF NOT EXISTS public."_lk_m1_2-fill" (')
})
