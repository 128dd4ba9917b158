import { expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { run } from '../../src/run/run.ts'
import { fold } from '../../src/run/state.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { alter, concurrentIndex, migrationOf, planOf, runOptions, watched } from '../support/run.ts'

const setup = `create table orders (id int primary key, note text);
  insert into orders select n, case when n % 20 <> 0 then 'x' end from generate_series(1, 5000) n`

const addColumn = alter('1-add', 'alter table public.orders add column tag text', ['alter table public.orders drop column if exists tag'])
const index = concurrentIndex('2-index', 'orders_tag_idx', '(tag)')
const fill = {
  kind: 'backfill',
  id: '3-fill',
  title: 'fill tag',
  phase: 'backfill',
  hazards: [],
  undo: { kind: 'free' },
  work: { kind: 'update', relation: 'public.orders', set: `tag = 'old'`, where: 'tag is null', falsifies: true },
  walk: { by: 'key', columns: ['id'], types: ['integer'] },
  batchTargetMs: 15,
} as const
const plan = planOf(migrationOf('first', [addColumn, index, fill]))

async function journalOf(url: string): Promise<ReturnType<typeof fold>> {
  await using session = await connect({ url, applicationName: 'look' })
  return fold(await postgres.journal(session).read('test'))
}

forEachVersion('run', (version) => {
  test('runs every step once, writes it down, and does nothing when called again', async () => {
    await using database = await freshDatabase(version, { setup })
    const report = await run(runOptions(database.url, plan))
    expect(report.migrations).toMatchObject([
      { id: 'first', state: 'complete', steps: [{ state: 'done' }, { state: 'done' }, { state: 'done', rows: 5_000 }] },
    ])
    expect(report.summary.longestLockHeldMs).toBeGreaterThan(0)
    const client = await database.client()
    expect((await client.query(`select count(*)::int as n from orders where tag = 'old'`)).rows).toEqual([{ n: 5_000 }])
    const again = await run(runOptions(database.url, plan))
    expect(again.summary.steps).toBe(0)
    expect((await journalOf(database.url)).get('first')).toMatchObject({ state: 'complete' })
  })

  test('an INVALID index left by a failed build is dropped and built again', async () => {
    await using database = await freshDatabase(version, {
      setup: `${setup}; alter table orders add column tag text; insert into orders values (0, 'y', 'dup')`,
    })
    const client = await database.client()
    await client.query(`update orders set tag = 'dup' where id <= 1`)
    await expect(client.query('create unique index concurrently orders_tag_idx on orders (tag)')).rejects.toMatchObject({ code: '23505' })
    await client.query('delete from orders where id = 0')
    await run(runOptions(database.url, planOf(migrationOf('index', [concurrentIndex('1-index', 'orders_tag_idx', 'unique (tag)')]))))
    expect((await client.query(`select indisvalid from pg_index where indexrelid = 'orders_tag_idx'::regclass`)).rows).toEqual([
      { indisvalid: true },
    ])
  })

  test('an index build waits for a transaction that is old when it begins, and says for whom', async () => {
    await using database = await freshDatabase(version, { setup })
    const reader = await database.client()
    await reader.query('begin isolation level repeatable read; select 1')
    await reader.query('select pg_sleep(2.1)')
    const options = runOptions(database.url, planOf(migrationOf('index', [concurrentIndex('1-index', 'orders_note_idx', '(note)')])))
    const running = run(options)
    await expect.poll(() => options.events.some((event) => event.type === 'waiting-for-snapshots'), { timeout: 5_000 }).toBe(true)
    const client = await database.client()
    expect((await client.query(`select to_regclass('orders_note_idx') as there`)).rows).toEqual([{ there: null }])
    await reader.query('commit')
    expect((await running).migrations[0]?.state).toBe('complete')
  })

  test('a step that fails leaves a named state, from which run goes on once the cause is gone', async () => {
    await using database = await freshDatabase(version, { setup })
    const validate = watched('2-check', 'alter table public.orders validate constraint note_there')
    const failing = planOf(
      migrationOf('check', [
        alter('1-check', 'alter table public.orders add constraint note_there check (note is not null) not valid'),
        validate,
      ]),
    )
    await expect(run(runOptions(database.url, failing))).rejects.toMatchObject({
      code: 'step-failed',
      details: { committed: true, step: '2-check', sqlstate: '23514' },
    })
    expect((await journalOf(database.url)).get('check')).toMatchObject({ state: 'failed', step: '2-check' })
    const client = await database.client()
    await client.query(`update orders set note = 'y' where note is null`)
    const report = await run(runOptions(database.url, failing))
    expect(report.migrations[0]?.steps.map((step) => step.state)).toEqual(['done-before', 'done'])
  })

  test('resume works from the journal alone, without the files and with another plan in hand', async () => {
    await using database = await freshDatabase(version, { setup })
    const stop = new AbortController()
    const options = runOptions(database.url, plan, { signal: stop.signal, listener: (event) => event.type === 'step-done' && stop.abort() })
    await expect(run(options)).rejects.toMatchObject({ code: 'interrupted', details: { committed: true } })
    const report = await run(runOptions(database.url, planOf()))
    expect(report.migrations).toMatchObject([{ id: 'first', state: 'complete' }])
  })

  test('a file changed while its migration is in flight is refused', async () => {
    await using database = await freshDatabase(version, { setup })
    const stop = new AbortController()
    await expect(
      run(runOptions(database.url, plan, { signal: stop.signal, listener: (event) => event.type === 'step-done' && stop.abort() })),
    ).rejects.toMatchObject({ code: 'interrupted' })
    const options = runOptions(database.url, plan)
    const changed = options.migrations.map((file) => ({ ...file, checksum: 'another' }))
    await expect(run({ ...options, migrations: changed })).rejects.toMatchObject({ code: 'file-changed' })
  })

  test('abort takes back what was added, last first, and the journal says so', async () => {
    await using database = await freshDatabase(version, { setup })
    const broken = planOf(migrationOf('first', [addColumn, index, watched('3-fail', 'select 1 / 0')]))
    await expect(run(runOptions(database.url, broken))).rejects.toMatchObject({ code: 'step-failed' })
    const report = await abort(runOptions(database.url, planOf()))
    expect(report.undone).toEqual(['2-index', '1-add'])
    const client = await database.client()
    const { rows } = await client.query(
      `select to_regclass('orders_tag_idx') as index, (select count(*)::int from pg_attribute where attrelid = 'orders'::regclass and attname = 'tag') as columns`,
    )
    expect(rows).toEqual([{ index: null, columns: 0 }])
    expect((await journalOf(database.url)).get('first')).toMatchObject({ state: 'aborted' })
    expect((await run(runOptions(database.url, plan))).migrations).toMatchObject([{ state: 'complete' }])
  })

  test('two runs at once: the second is told who works, and changes nothing', async () => {
    await using database = await freshDatabase(version, { setup })
    const holder = await database.client()
    await holder.query('begin; lock table orders in access share mode')
    await holder.query('select pg_sleep(0.6)')
    const first = runOptions(database.url, plan)
    const running = run(first)
    await expect.poll(() => first.events.some((event) => event.type === 'waiting-for-lock'), { timeout: 5_000 }).toBe(true)
    await expect(run(runOptions(database.url, plan))).rejects.toMatchObject({ code: 'run-locked' })
    await holder.query('commit')
    expect((await running).migrations[0]?.state).toBe('complete')
  })

  test('a lock that is never free ends in lock-not-had, as if nothing had begun', async () => {
    await using database = await freshDatabase(version, { setup })
    const holder = await database.client()
    await holder.query('begin; lock table orders in access share mode')
    const options = runOptions(database.url, plan, { maxLockWaitMs: 700 })
    await expect(run(options)).rejects.toMatchObject({ code: 'lock-not-had', details: { relation: 'public.orders', committed: false } })
    expect((await journalOf(database.url)).get('first')?.state).toBe('aborted')
    await holder.query('commit')
    expect((await run(runOptions(database.url, plan))).migrations[0]?.state).toBe('complete')
  })

  test('the run survives an immediate restart of the server in the middle', async () => {
    await using server = await startPostgres({ version })
    await using session = await connect({ url: server.url, applicationName: 'setup' })
    await session.script([setup])
    let restarting: Promise<void> | undefined
    const restart = (): void => void (restarting ??= server.restart('immediate'))
    const options = runOptions(server.url, plan, { listener: (event) => event.type === 'batch-done' && restart() })
    const report = await run(options)
    await restarting
    expect(report.migrations).toMatchObject([{ state: 'complete', steps: [{}, {}, { rows: 5_000 }] }])
  })
})
