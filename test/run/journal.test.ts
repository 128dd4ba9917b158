import { describe, expect, test } from 'vitest'
import type { BackfillStore } from '../../src/model/backfill.ts'
import { connect } from '../../src/postgres/session.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { abort } from '../../src/run/abort.ts'
import { run } from '../../src/run/run.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'
import { alter, migrationOf, planOf, runOptions } from '../support/run.ts'

const key = { project: 'test', migration: 'first', step: '2-fill' }
const plan = planOf(
  migrationOf('first', [
    alter('1-add', 'alter table public.orders add column tag text', ['alter table public.orders drop column if exists tag']),
    alter('2-fail', 'alter table public.orders drop column nothing'),
  ]),
)
const version = testVersions.at(-1) ?? 18

/** A database in which the plan has stopped at its second step. */
async function stopped() {
  const database = await freshDatabase(version, { setup: 'create table orders (id int primary key)' })
  await expect(run(runOptions(database.url, plan))).rejects.toMatchObject({ code: 'step-failed' })
  return database
}

test('what is written is what is read', async () => {
  await using database = await stopped()
  await using session = await connect({ url: database.url, applicationName: 'look' })
  const journal = postgres.journal(session)
  expect((await journal.read('test')).map(({ event }) => event)).toMatchObject([
    { type: 'migration-started', migration: 'first' },
    { type: 'step-started', step: '1-add' },
    { type: 'step-done', step: '1-add' },
    { type: 'step-started', step: '2-fail' },
    { type: 'migration-failed', step: '2-fail', code: 'step-failed' },
  ])
  expect(await journal.stored('test', 'first')).toMatchObject({ migration: plan.migrations[0], history: {}, toolVersion: 'test' })
})

test('what an older lockkeeper began is gone on with, or taken back, in our format', async () => {
  await using database = await stopped()
  const client = await database.client()
  const becomeOlder = () =>
    client.query('drop table lockkeeper.evidence; delete from lockkeeper.format; insert into lockkeeper.format (version) values (2)')
  const format = async () =>
    (
      await client.query(
        `select max(version) as version, to_regclass('lockkeeper.evidence') is not null as evidence from lockkeeper.format`,
      )
    ).rows
  await becomeOlder()
  await expect(run(runOptions(database.url, plan))).rejects.toMatchObject({ code: 'step-failed' })
  expect(await format()).toEqual([{ version: 3, evidence: true }])
  await becomeOlder()
  expect(await abort(runOptions(database.url, planOf()))).toMatchObject({ migration: 'first' })
  expect(await format()).toEqual([{ version: 3, evidence: true }])
})

const started = `update lockkeeper.journal set`
const where = `where event = 'migration-started'`

describe('a journal that was changed by another hand is refused by apply and abort, which change nothing', () => {
  test.each([
    ['no data', `${started} data = 'null' ${where}`],
    ['a number for data', `${started} data = '1' ${where}`],
    ['a list for data', `${started} data = '["stored"]' ${where}`],
    ['no plan', `${started} data = '{}' ${where}`],
    ['half a plan', `${started} data = data #- '{stored,migration,steps,0,undo}' ${where}`],
    ['a plan with a number for its SQL', `${started} data = jsonb_set(data, '{stored,migration,steps,0,sql}', '[1e999]') ${where}`],
    ['the plan of another', `${started} data = jsonb_set(data, '{stored,migration,id}', '"second"') ${where}`],
    ['no bytes', `${started} body = null ${where}`],
    ['an event that is none', `${started} event = 'step-undone' where step = '1-add'`],
    ['a step without a name', `${started} step = null, data = data - 'step' where step = '1-add'`],
    ['a failure without a reason', `${started} data = '7' where event = 'migration-failed'`],
    ['a time without end', `${started} at = 'infinity'`],
    ['a time before our era', `${started} at = '0044-03-15 BC'`],
  ])('%s', async (_, damage) => {
    await using database = await stopped()
    const client = await database.client()
    await client.query(damage)
    const written = async () => (await client.query('select * from lockkeeper.journal order by seq')).rows
    const before = await written()
    await expect(run(runOptions(database.url, plan))).rejects.toMatchObject({ code: 'journal-unreadable' })
    await expect(abort(runOptions(database.url, planOf()))).rejects.toMatchObject({ code: 'journal-unreadable' })
    expect(await written()).toEqual(before)
    expect((await client.query('select * from orders')).fields.map(({ name }) => name)).toEqual(['id', 'tag'])
  })
})

const definition = {
  work: { kind: 'update', relation: 'public.t', set: 'v = 1', where: 'v is null', falsifies: true },
  walk: { by: 'pages' },
  batchTargetMs: 15,
  triggers: 'fire',
} as const

test.each([
  `backfill_part set cut = '1'`,
  `backfill_part set bound = '[null]'`,
  `backfill_chunk set after = '{"a": 1}'`,
  `backfill_chunk set up_to = '[[1]]'`,
  `backfill_chunk set up_to = '[1e999]'`,
  `backfill set definition = jsonb_set(definition, '{work,where}', '7')`,
  `backfill set wanted = 'more'`,
])('a backfill does not go on with %s', async (damage) => {
  await using database = await freshDatabase(version, {
    setup: 'create table t (v int); insert into t select null from generate_series(1, 1000)',
  })
  await using session = await connect({ url: database.url, applicationName: 'look' })
  await postgres.journal(session).install()
  const store = postgres.backfills(session)
  await store.begin(key, definition)
  await beginSweep(store)
  await session.script([`update lockkeeper.${damage}`])
  const goOn = async () => [await store.read(key), await store.lease(key, 'me', 1_000), await store.lease(key, 'me', 1_000)]
  await expect(goOn()).rejects.toMatchObject({ code: 'journal-unreadable' })
})

/** Leaves a chunk without a worker, and a part that is not cut to its end. */
async function beginSweep(store: BackfillStore): Promise<void> {
  const end = await store.lease(key, 'me', 1_000)
  if (end.kind !== 'sweep-done') throw new Error(end.kind)
  const [piece] = await store.pieces('public.t', 'pages')
  if (piece === undefined) throw new Error('no piece')
  await store.nextSweep(key, end.end, [{ ...piece, bound: [piece.pages] }])
  const part = await store.lease(key, 'me', 1_000)
  if (part.kind !== 'part') throw new Error(part.kind)
  await store.release(await store.cut(key, part.part, { upTo: [1], owner: 'me', leaseMs: 1_000 }))
}
