import { describe, expect, test } from 'vitest'
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
  const checkpoint = { cursor: ['7', "o'x"], bound: ['9', '"'], done: false }
  await session.script([journal.batchSql({ ...key, ...checkpoint })])
  expect(await journal.checkpoint(key)).toEqual({ ...checkpoint, rows: 0 })
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

test.each([`cursor = '1'`, `cursor = '{"a": 1}'`, `bound = '[null]'`, `bound = '[[1]]'`, `cursor = '[1e999]'`, 'rows = -1'])(
  'a backfill does not go on from a row with %s',
  async (damage) => {
    await using database = await freshDatabase(version)
    await using session = await connect({ url: database.url, applicationName: 'look' })
    const journal = postgres.journal(session)
    await journal.install()
    await session.script([journal.batchSql({ ...key, cursor: ['1'], bound: ['2'], done: false })])
    await session.script([`update lockkeeper.backfill set ${damage}`])
    await expect(journal.checkpoint(key)).rejects.toMatchObject({ code: 'journal-unreadable' })
  },
)
