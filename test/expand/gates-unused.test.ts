import { expect, test } from 'vitest'
import type { ClosedGate } from '../../src/model/event.ts'
import type { Plan } from '../../src/model/plan.ts'
import { expanded, type Expanded, type ExpandedOptions } from '../support/expanded.ts'
import { forEachVersion } from '../support/postgres.ts'

const setup = `create extension pg_stat_statements;
  create table users (id int primary key, full_name text not null, age int);
  insert into users select n, 'user ' || n, n from generate_series(1, 100) n`
const rename = 'alter table users rename column full_name to name'
const quietMs = 15 * 60_000

async function renaming(version: number, more: Partial<ExpandedOptions> = {}): Promise<Expanded> {
  return await expanded({ version, sql: rename, setup, ...more })
}

const gatesOf = (closed: readonly ClosedGate[]) => closed.map(({ gate }) => gate)
const complete = [{ id: 'm1', state: 'complete' }]

forEachVersion('the gate unused', (version) => {
  test('lets go when an expanded migration has been quiet for the time asked, and no sooner', async () => {
    await using here = await renaming(version)
    const [writes, statements, ...others] = await here.closed({ quietMs })
    expect(others).toEqual([])
    expect(writes).toMatchObject({
      gate: 'unused:writes',
      failure: 'it is too early to tell whether the old application writes full_name of public.users',
      evidence: [expect.stringMatching(/^quiet for \d+ s of 15 min: opens at \S+Z if nothing more is seen$/)],
    })
    expect(statements).toMatchObject({
      gate: 'unused:statements',
      failure: 'it is too early to tell whether statements name full_name of public.users',
      hint: expect.stringContaining('Sessions were not looked at: say with --old-application or --old-role') as string,
    })
    expect((await here.complete({ quietMs: 1_000, waitMs: 20_000 })).migrations).toMatchObject(complete)
    expect(await here.query('select from lockkeeper.evidence')).toEqual([])
  })

  test('names the statements that still say the old name, with their role and how often they were run', async () => {
    await using here = await renaming(version)
    await here.anHourPasses()
    await here.query('create role shop superuser login').catch(() => undefined)
    const shop = await here.application('shop', 'shop')
    for (const id of [1, 2, 3]) await shop.query(`select u."full_name", ${id} as n from Users u where id = $1`, [id])
    const closed = await here.closed({ quietMs })
    expect(closed).toMatchObject([
      {
        gate: 'unused:statements',
        failure: 'statements name full_name of public.users',
        evidence: [
          expect.stringMatching(/^3 calls since \S+Z by role shop: select u\."full_name", \$\d as n from Users u where id = \$\d$/),
          expect.stringMatching(/^quiet for 0 s of 15 min/),
        ],
      },
    ])
    // A second look says what began the quiet time; then that is over.
    expect((await here.closed({ quietMs }))[0]?.evidence[0]).toMatch(/^3 calls since/)
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('does not take statements of the new application, of other tables and of our own for the old one', async () => {
    await using here = await renaming(version, { setup: `${setup}; create table staff (id int, full_name text)` })
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query('select name from users')
    await app.query('insert into users (id, name) values (1000, $1)', ['new'])
    await app.query('select full_name from staff')
    await app.query('select full_name_of, "Full_Name" from (select id as full_name_of, age as "Full_Name" from users) u')
    await here.closed({ quietMs, minAgeMs: 1e9 })
    await here.closed({ quietMs, minAgeMs: 1e9 })
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('tells a name from one that differs by its case alone', async () => {
    await using here = await renaming(version, { sql: 'alter table users rename column full_name to "Full_Name"' })
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query('select "Full_Name" from users')
    expect(gatesOf(await here.closed({ quietMs, minAgeMs: 1e9 }))).toEqual(['min-age'])
    await app.query('select FULL_NAME from users')
    expect(gatesOf(await here.closed({ quietMs }))).toEqual(['unused:statements'])
  })

  test('counts what the old application writes through the trigger', async () => {
    await using here = await renaming(version)
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query(`update users set name = 'new' where id = 1`)
    const overrides = [{ gate: 'unused:statements', reason: 'only writes are asked about' }]
    expect(gatesOf(await here.closed({ quietMs, overrides, minAgeMs: 1e9 }))).toEqual(['min-age'])
    await app.query(`update users set full_name = 'old' where id < 4`)
    expect(await here.closed({ quietMs, overrides })).toMatchObject([
      {
        gate: 'unused:writes',
        failure: 'the old application writes full_name of public.users',
        evidence: [expect.stringMatching(/^3 rows written since \S+Z$/), expect.stringMatching(/^quiet for/)],
      },
    ])
    await here.anHourPasses()
    expect((await here.complete({ quietMs, overrides })).migrations).toMatchObject(complete)
  })

  test('names the sessions of the old application, by name and by role, as long as they are connected', async () => {
    await using here = await renaming(version)
    await here.anHourPasses()
    await here.query('create role shop superuser login').catch(() => undefined)
    const old = { applications: ['shop-v1*'], roles: ['shop'] }
    const first = await here.application('shop-v1-web')
    const second = await here.application('cron', 'shop')
    await here.application('shop_v2')
    const [sessions, ...others] = await here.closed({ quietMs, old })
    expect(others).toEqual([])
    expect(sessions).toMatchObject({
      gate: 'unused:sessions',
      failure: 'the old application is connected',
      evidence: [
        expect.stringMatching(/^pid \d+, application shop-v1-web, role postgres, idle, since \S+Z$/),
        expect.stringMatching(/^pid \d+, application cron, role shop, idle, since \S+Z$/),
      ],
    })
    expect(sessions?.hint).not.toContain('not looked at')
    await first.end()
    expect((await here.closed({ quietMs, old })).flatMap(({ evidence }) => evidence)).toHaveLength(1)
    await second.end()
    const lastOne = `select from pg_stat_activity where usename = 'shop'`
    await expect.poll(() => here.query(lastOne)).toEqual([])
    expect((await here.complete({ quietMs, old })).migrations).toMatchObject(complete)
  })

  test('does not take a role that does not exist for one that is quiet', async () => {
    await using here = await renaming(version)
    await here.anHourPasses()
    expect(await here.closed({ quietMs, old: { applications: [], roles: ['shpo'] } })).toMatchObject([
      { gate: 'unused:sessions', evidence: ['there is no role shpo'] },
    ])
  })

  test('sees who uses a view of the old version', async () => {
    const view = 'create view old_users as select id, age from users'
    await using here = await renaming(version, { setup: `${setup}; ${view}`, planned: withView })
    await here.anHourPasses()
    const app = await here.application('report')
    await app.query('begin; select age from old_users')
    expect(await here.closed({ quietMs })).toMatchObject([
      {
        gate: 'unused:locks',
        failure: 'views of the old version with full_name of public.users are in use',
        evidence: [
          expect.stringMatching(/^pid \d+, application report, role postgres, uses public\.old_users$/),
          expect.stringMatching(/^quiet for/),
        ],
      },
    ])
    await app.query('commit')
    expect(gatesOf(await here.closed({ quietMs }))).toEqual(['unused:locks'])
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('of a dropped column asks about statements, and its contract drops it', async () => {
    await using here = await renaming(version, { sql: 'alter table users drop column age' })
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query('select age from users')
    expect(gatesOf(await here.closed({ quietMs }))).toEqual(['unused:statements'])
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
    expect((await app.query('select * from users')).fields.map(({ name }) => name)).toEqual(['id', 'full_name'])
  })

  test('of a renamed table asks about its old name alone', async () => {
    await using here = await renaming(version, { sql: 'alter table users rename to people' })
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query('select full_name from people')
    expect(gatesOf(await here.closed({ quietMs, minAgeMs: 1e9 }))).toEqual(['min-age'])
    await app.query('select 1 from users')
    expect(gatesOf(await here.closed({ quietMs }))).toEqual(['unused:statements'])
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('begins anew where the statistics were reset', async () => {
    await using here = await renaming(version)
    await here.anHourPasses()
    await here.query('select pg_stat_statements_reset()')
    expect(await here.closed({ quietMs })).toMatchObject([
      {
        gate: 'unused:statements',
        evidence: [expect.stringMatching(/^pg_stat_statements was reset since/), expect.stringMatching(/^quiet for 0 s/)],
      },
    ])
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('begins anew where the statistics of the database alone were reset, which the server does not tell', async () => {
    await using here = await renaming(version)
    const reset = `select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)`
    await here.query(reset)
    await here.closed({ quietMs })
    await here.anHourPasses()
    const app = await here.application('shop')
    await app.query('select full_name from users')
    await here.query(reset)
    expect(await here.closed({ quietMs })).toMatchObject([
      { gate: 'unused:statements', evidence: [expect.stringMatching(/^pg_stat_statements was reset since/), expect.anything()] },
    ])
  })

  test('begins anew where another hand has been at what was seen', async () => {
    await using here = await renaming(version)
    for (const damage of damages) {
      await here.anHourPasses()
      await here.query(`update lockkeeper.evidence set ${damage} where kind = 'statements'`)
      expect(gatesOf(await here.closed({ quietMs })), damage).toEqual(['unused:statements'])
    }
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('what was seen goes with abort', async () => {
    await using here = await renaming(version)
    expect(await here.query('select kind from lockkeeper.evidence order by 1')).toEqual([{ kind: 'statements' }, { kind: 'writes' }])
    await here.abort()
    expect(await here.query('select from lockkeeper.evidence')).toEqual([])
  })
})

const damages = [
  `sample = '7'`,
  `sample = 'null'`,
  `sample = sample - 'seen'`,
  `sample = jsonb_set(sample, '{calls}', '[1]')`,
  `sample = jsonb_set(sample, '{calls}', '{"1/2": 1e999}')`,
  `sample = sample - 'own'`,
  `quiet_since = 'infinity'`,
  `quiet_since = '-infinity'`,
  `quiet_since = now() + interval '1 year'`,
  `sampled_at = 'infinity'`,
]

function withView(plan: Plan): Plan {
  const migrations = plan.migrations.map((migration) => ({
    ...migration,
    steps: migration.steps.map((step) =>
      step.kind === 'gate'
        ? { ...step, gates: step.gates.map((gate) => (gate.kind === 'unused' ? { ...gate, views: ['public.old_users'] } : gate)) }
        : step,
    ),
  }))
  return { ...plan, migrations }
}
