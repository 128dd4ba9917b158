import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fill } from '../support/backfill.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { randomBackfill, type RandomBackfill } from '../support/random-backfill.ts'

/** Those that failed once come first. */
const known = JSON.parse(readFileSync(join(import.meta.dirname, '../cases/backfill-seeds.json'), 'utf8')) as readonly number[]
const first = Number(process.env['LOCKKEEPER_SEED'] ?? 20_261_127)
const cases = Number(process.env['LOCKKEEPER_BACKFILL_CASES'] ?? 40)
const seeds = [...known, ...Array.from({ length: cases }, (_, at) => first + at)]
const groups = Array.from({ length: Math.ceil(seeds.length / 10) }, (_, at) => seeds.slice(at * 10, at * 10 + 10))

/** What the application did, in its order. */
interface Application {
  readonly client: pg.Client
  readonly done: string[]
}

/** Statements of one session, one after the other; each is noted once it is done. */
function inOrder({ client, done }: Application): (sql: string | undefined) => Promise<void> {
  let last = Promise.resolve()
  const act = async (before: Promise<void>, sql: string): Promise<void> => {
    await before
    await client.query(sql)
    done.push(sql)
  }
  return (sql) => {
    if (sql !== undefined) last = act(last, sql)
    return last
  }
}

/** 40001 where the application moved the row to another partition at the same moment: its two sessions meet, and neither is ours. */
async function lockFor(client: pg.Client, { sql, ms }: RandomBackfill['locks'][number]): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await sleep(ms)
  } catch (error) {
    if ((error as { readonly code?: string }).code !== '40001') throw error
  } finally {
    await client.query('rollback')
  }
}

async function runWorkers(
  url: string,
  random: RandomBackfill,
  clients: { readonly application: Application; readonly locker: pg.Client },
): Promise<void> {
  const [before, meanwhile, locks] = [[...random.before], [...random.meanwhile], [...random.locks]]
  const act = inOrder(clients.application)
  let locked = Promise.resolve()
  const onBatch = (): void => {
    void act(meanwhile.pop())
    const lock = locks.pop()
    if (lock !== undefined) locked = locked.then(() => lockFor(clients.locker, lock))
  }
  const { work, walk, batchTargetMs, skipTriggers } = random
  const job = {
    leaseMs: 5_000,
    hold: async () => {
      await act(before.pop())
      return undefined
    },
  }
  const definition = { batchTargetMs, triggers: skipTriggers ? 'skip' : 'fire' } as const
  await Promise.all(Array.from({ length: random.workers }, () => fill(url, { work, walk, definition, job, onBatch })))
  await Promise.all([act(undefined), locked])
}

async function rowsOf(client: pg.Client, sql: string): Promise<readonly string[]> {
  return (await client.query<{ row: string }>(sql)).rows.map(({ row }) => row)
}

/** The first few that only one side has. */
function difference(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [left, right] = [new Set(ours), new Set(theirs)]
  const only = [
    ...ours.filter((row) => !right.has(row)).map((row) => `ours: ${row}`),
    ...theirs.filter((row) => !left.has(row)).map((row) => `one: ${row}`),
  ]
  return ours.length === theirs.length ? only.slice(0, 8) : [`${ours.length} and ${theirs.length} rows`, ...only.slice(0, 8)]
}

interface Sides {
  readonly ours: TestDatabase
  readonly one: TestDatabase
}

async function expectSame(random: RandomBackfill, { ours, one }: Sides): Promise<void> {
  const [application, locker, copy] = [await ours.client(), await ours.client(), await one.client()]
  try {
    await application.query(`drop schema if exists lockkeeper cascade; ${random.setup}`)
    await copy.query(random.setup)
    const done: string[] = []
    await runWorkers(ours.url, random, { application: { client: application, done }, locker })
    for (const sql of done) await copy.query(sql)
    await copy.query(`set session_replication_role = ${random.skipTriggers ? 'replica' : 'origin'}`)
    await copy.query(random.oneStatement)
    for (const sql of random.results) {
      const [engine, statement] = [await rowsOf(application, sql), await rowsOf(copy, sql)]
      expect(difference(engine, statement), random.title).toEqual([])
    }
  } finally {
    await Promise.all([application, locker, copy].map((client) => client.end()))
  }
}

forEachVersion('a random backfill among an application', (version) => {
  let sides: Sides
  beforeAll(async () => {
    sides = { ours: await freshDatabase(version), one: await freshDatabase(version) }
  })
  afterAll(async () => {
    await Promise.all([sides.ours.drop(), sides.one.drop()])
  })

  test.each(groups)('ends as one statement would, seeds %i ...', { timeout: 300_000 }, async (...group) => {
    for (const seed of group) {
      const random = randomBackfill(seed)
      await expectSame(random, sides).catch((error: unknown) => {
        throw new Error(`${random.title}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      })
    }
  })
})
