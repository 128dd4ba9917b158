import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { postgresEngine } from '../../src/engines.ts'
import { judge } from '../../src/check/judge.ts'
import type { Session } from '../../src/model/session.ts'
import type { Estimated, Statistics } from '../../src/model/statistics.ts'
import { takeStatistics } from '../../src/verbs/statistics.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const engine = await postgresEngine()
const rows = 200_000

const setup = `
  create table customers (id int primary key);
  insert into customers select g from generate_series(1, 20000) g;
  create table orders (id bigint primary key, amount int, customer_id int, note text);
  insert into orders select g, hashint4(g), g % 20000 + 1, md5(g::text) from generate_series(1, ${rows}) g;
  create index orders_amount_idx on orders (amount);
  create table never (id int);
  insert into never select generate_series(1, 10)`

// Whether the ranges hold is measured by `npm run bench:estimate`, not by a test: a busy machine would make it fail.
const works = [
  'create index on orders (amount)',
  'create index on orders (note)',
  'alter table orders alter column amount set not null',
  'alter table orders add constraint note_check check (length(note) < 100)',
  'alter table orders add column r double precision default random()',
  'alter table orders alter column amount type bigint',
  'alter table orders add constraint c foreign key (customer_id) references customers',
  'reindex table orders',
  'update orders set note = note',
  'delete from orders',
]

forEachVersion('an estimate', (version) => {
  let database: TestDatabase
  let session: Session
  beforeAll(async () => {
    database = await freshDatabase(version, { setup })
    session = await engine.connect({ url: database.url, applicationName: 'estimate' })
    await session.script(['vacuum analyze orders'])
    await session.script(['vacuum analyze customers'])
    // Before 15 the collector hears of it a moment later.
    await vi.waitUntil(async () => (await analysed(session)) === 2, { timeout: 30_000 })
  })
  afterAll(async () => {
    await session.close()
    await database.drop()
  })

  async function analysed(asked: Session): Promise<number> {
    const [row] = await asked.query('select count(*)::int as n from pg_stat_user_tables where last_analyze is not null')
    return Number(row?.['n'])
  }

  async function statisticsOf(...relations: readonly string[]): Promise<Statistics> {
    const catalog = await session.readCatalog()
    const statistics = await takeStatistics(engine, { session, catalog, relations })
    if (statistics === undefined) throw new Error('the server did not answer the sample')
    return statistics
  }

  async function estimated(sql: string, statistics: Statistics): Promise<Estimated> {
    const catalog = await session.readCatalog()
    const { statements } = judge(engine, engine.parse(Buffer.from(sql)), { before: catalog })
    const last = statements.at(-1)
    const before = last?.parts[0]?.before
    if (last === undefined || before === undefined) throw new Error('no statement')
    return engine.estimate({ ...last, before }, last.parts, statistics)
  }

  test.each(works)('of %s is a range that follows from the size of the table, and says from which', async (sql) => {
    const estimate = await estimated(sql, await statisticsOf('public.orders', 'public.customers'))
    if (estimate.kind !== 'range') throw new Error(`no range: ${JSON.stringify(estimate)}`)
    expect(estimate.estimate.lowMs).toBeGreaterThan(0)
    expect(estimate.estimate.highMs).toBeGreaterThan(estimate.estimate.lowMs)
    expect(estimate.estimate.basis).toMatch(/^\d+ MB, 200,000 rows.* \(statistics of just now\)/)
  })

  test('names the tables that were never analysed, and never guesses', async () => {
    const statistics = await statisticsOf('public.never')
    expect(await estimated('create index on never (id)', statistics)).toEqual({ kind: 'unknown', relations: ['public.never'] })
    const changing = 'alter table orders add constraint n foreign key (customer_id) references customers; delete from never'
    expect(await estimated(changing, statistics)).toEqual({ kind: 'unknown', relations: ['public.never'] })
  })

  test.each([
    'alter table orders add column plain int',
    'create table other (id int references customers)',
    'create table other (a int); create index on other (a)',
    'alter table orders add constraint later check (amount > 0) not valid',
    'drop table orders',
    'refresh materialized view nowhere',
  ])('is not made of %s, whose work no table tells', async (sql) => {
    expect(await estimated(sql, await statisticsOf('public.orders'))).toEqual({ kind: 'none' })
  })

  test('of CONCURRENTLY counts two scans, and says that it waits', async () => {
    const statistics = await statisticsOf('public.orders')
    const [plain, concurrent] = [
      await estimated('create index on orders (amount)', statistics),
      await estimated('create index concurrently on orders (amount)', statistics),
    ]
    if (plain.kind !== 'range' || concurrent.kind !== 'range') throw new Error('no range')
    expect(concurrent.estimate.lowMs).toBeGreaterThan(plain.estimate.lowMs)
    expect(concurrent.estimate.basis).toContain('wait for older transactions')
    expect(plain.estimate.basis).not.toContain('wait')
  })

  test('goes by the size that a table had under its former name', async () => {
    const statistics = await statisticsOf('public.orders')
    const renamed = await estimated('alter table orders rename to purchases; create index on purchases (amount)', statistics)
    expect(renamed).toEqual(await estimated('create index on orders (amount)', { ...statistics, speed: renamedSpeed(statistics) }))
  })

  // Under the new name there is no sample of its own, so the others speak for it.
  const renamedSpeed = ({ speed }: Statistics) => ({ ...speed, scans: speed.scans.map((scan) => ({ ...scan, relation: 'any' })) })

  test('is made of a short sample that waits for no lock and writes nothing', async () => {
    const holder = await database.client()
    await holder.query('begin; lock table orders in access exclusive mode')
    const began = performance.now()
    try {
      const catalog = await session.readCatalog()
      const readMs = performance.now() - began
      const speed = await engine.calibrate(session, catalog, ['public.orders', 'public.customers'])
      expect(speed?.scans.map((scan) => scan.relation)).toEqual(['public.customers'])
      // 1.3 s by its own limits; whoever waited for the lock would wait for ever.
      expect(performance.now() - began - readMs).toBeLessThan(20_000)
      expect((await session.query('select txid_current_if_assigned() as xid'))[0]?.['xid']).toBeNull()
    } finally {
      await holder.query('rollback')
    }
    const after = await statisticsOf('public.orders')
    expect(after.speed.scans.map((scan) => scan.relation)).toEqual(['public.orders'])
  })
})
