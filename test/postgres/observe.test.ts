import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Facts } from '../../src/model/facts.ts'
import { observe } from '../../src/postgres/observe.ts'
import { loadParser, parse } from '../../src/postgres/parse.ts'
import { connect, type PostgresSession } from '../../src/postgres/session.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

await loadParser()

const setup = `
  create table p (id int primary key);
  create table t (id int primary key, a int, p_id int, "Odd ""Name" text);
  create table moody (v text);
  create index t_a on t (a)`

forEachVersion('observe', (version) => {
  let database: TestDatabase
  let session: PostgresSession
  beforeAll(async () => {
    database = await freshDatabase(version, { setup })
    session = await connect({ url: database.url, applicationName: 'sandbox', schema: 'public' })
  })
  afterAll(async () => {
    await session.close()
    await database.drop()
  })

  async function inTransaction(...statements: readonly string[]): Promise<readonly Facts[]> {
    await session.script(['begin'])
    const seen: Facts[] = []
    try {
      for (const sql of statements) seen.push(await see(sql))
    } finally {
      await session.script(['rollback'])
    }
    return seen
  }

  async function see(sql: string, parameters: readonly unknown[] = []): Promise<Facts> {
    const [statement] = parse(Buffer.from(sql))
    if (statement === undefined) throw new Error('no statement')
    return observe({ ...statement, parameters }, session)
  }

  test('sees rewrites, builds and scans on empty tables too', async () => {
    const [rewrite] = await inTransaction('alter table t add column r float default random()')
    expect(rewrite).toMatchObject({ evidence: 'observed', rewrites: ['public.t'], builds: ['public.t'], scans: ['public.t'] })
    const [build] = await inTransaction('create index on t (p_id)')
    expect(build).toMatchObject({ rewrites: [], builds: ['public.t'], scans: ['public.t'] })
    const [check] = await inTransaction('alter table t add constraint k check (a > 0)')
    expect(check).toMatchObject({ rewrites: [], builds: [], scans: ['public.t'] })
  })

  test('sees that an empty parent is checked, and that a NOT VALID foreign key is not', async () => {
    const [checked] = await inTransaction('alter table t add constraint f foreign key (p_id) references p')
    expect(checked).toMatchObject({ scans: ['public.p', 'public.t'] })
    expect(checked?.locks.map(({ relation, mode }) => `${relation} ${mode}`)).toEqual([
      'public.p SHARE ROW EXCLUSIVE',
      'public.t SHARE ROW EXCLUSIVE',
    ])
    const [unchecked] = await inTransaction('alter table t add constraint f foreign key (p_id) references p not valid')
    expect(unchecked?.scans).toEqual([])
  })

  test('tells the locks of a statement from those that the transaction held before', async () => {
    const [first, second, third] = await inTransaction(
      'alter table t add column z int',
      'comment on table p is $$x$$',
      'alter table t add column y int',
    )
    expect(first?.locks.map(({ relation }) => relation)).toEqual(['public.t'])
    expect(second?.locks.map(({ relation, mode }) => `${relation} ${mode}`)).toEqual(['public.p SHARE UPDATE EXCLUSIVE'])
    expect(third?.locks.map(({ relation, mode }) => `${relation} ${mode}`)).toEqual(['public.t ACCESS EXCLUSIVE'])
  })

  test('uses the names from before a rename or a drop', async () => {
    const [renamed] = await inTransaction('alter table t rename to t9')
    expect(renamed?.locks.map(({ relation }) => relation)).toEqual(['public.t'])
    const [dropped] = await inTransaction('drop table t')
    expect(dropped?.locks.map(({ relation }) => relation)).toEqual(['public.t'])
  })

  test('looks into a DO block', async () => {
    const [seen] = await inTransaction(
      `do $$begin execute 'alter table t alter column a type bigint'; execute 'create table made (id int)'; execute 'drop table p'; end$$`,
    )
    expect(seen).toMatchObject({
      rewrites: ['public.t'],
      creates: ['table public.made'],
      destroys: expect.arrayContaining(['table public.p']),
    })
    expect(seen).not.toHaveProperty('condition')
    expect(seen?.locks.map(({ relation }) => relation)).toEqual(['public.p', 'public.t'])
  })

  test('emptying a table is no rewrite', async () => {
    const [seen] = await inTransaction('truncate t')
    expect(seen).toMatchObject({ rewrites: [], builds: [], destroys: ['rows public.t'] })
  })

  test('runs a statement with parameters, in the transaction that is open and in one of its own', async () => {
    await session.script(['begin'])
    const inside = await see('update t set a = $1 where id = $2', [1, 2])
    await session.script(['rollback'])
    const own = await see('update t set a = $1 where id = $2', [1, 2])
    for (const seen of [inside, own])
      expect(seen.locks.map(({ relation, mode }) => `${relation} ${mode}`)).toEqual(['public.t ROW EXCLUSIVE'])
  })

  test('runs what cannot run in a transaction, and calls its facts predicted', async () => {
    const seen = await see('create index concurrently t_p on t (p_id)')
    expect(seen).toMatchObject({ evidence: 'predicted', transaction: 'forbidden', builds: ['public.t'] })
    expect(await session.query(`select indisvalid as valid from pg_index where indexrelid = 't_p'::regclass`)).toEqual([{ valid: true }])
  })

  test('throws what the server says', async () => {
    await expect(see('alter table nowhere add column a int')).rejects.toThrow('nowhere')
    expect(await session.query('select 1 as one')).toEqual([{ one: 1 }])
    await expect(see('update t set a = $1', ['no number'])).rejects.toThrow('no number')
    expect(await session.query('select statement_timestamp() = transaction_timestamp() as alone')).toEqual([{ alone: true }])
  })
})
