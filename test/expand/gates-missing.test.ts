import { expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { expanded, type Expanded, type ExpandedOptions } from '../support/expanded.ts'
import { forEachVersion } from '../support/postgres.ts'

const table = `create table users (id int primary key, full_name text not null); insert into users values (1, 'a')`
const sql = 'alter table users rename column full_name to name'
const quietMs = 15 * 60_000
const complete = [{ id: 'm1', state: 'complete' }]

async function counting(version: number, more: Partial<ExpandedOptions> = {}): Promise<Expanded> {
  return await expanded({
    version,
    sql,
    setup: `create extension pg_stat_statements; ${table}`,
    ...more,
  })
}

/** What the statements say, all else being quiet. */
async function statements(here: Expanded) {
  await here.anHourPasses()
  const [closed, ...others] = await here.closed({ quietMs })
  expect(others).toEqual([])
  expect(closed?.gate).toBe('unused:statements')
  return closed
}

forEachVersion('evidence that cannot be had', (version) => {
  test('is said by apply, holds back, and is let go of by name, which is written down', async () => {
    await using here = await expanded({ version, sql, setup: table })
    const why = 'the extension pg_stat_statements is not installed in this database'
    const claim = 'statements name full_name of public.users'
    expect(here.events.filter(({ type }) => type === 'evidence-missing')).toMatchObject([{ migration: 'm1', claim, why }])
    expect(await statements(here)).toMatchObject({ failure: `nobody can tell whether ${claim}`, evidence: [why] })
    const overrides = [{ gate: 'unused:statements', reason: 'the logs say so' }]
    expect((await here.complete({ quietMs, overrides })).migrations).toMatchObject(complete)
    expect(await here.query(`select step, data from lockkeeper.journal where event = 'gate-overridden'`)).toMatchObject([
      { step: expect.stringContaining('gate') as string, data: { gate: 'unused:statements', reason: 'the logs say so', evidence: [why] } },
    ])
  })

  test('does not count as quiet: once it can be had, the quiet time begins', async () => {
    await using here = await counting(version, { setup: table })
    await here.anHourPasses()
    await here.query('create extension pg_stat_statements')
    expect(await statements(here)).toMatchObject({ failure: expect.stringContaining('it is too early to tell') as string })
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })

  test('is all of it let go of by the name of the gate', async () => {
    await using here = await expanded({ version, sql, setup: table })
    const overrides = [{ gate: 'unused', reason: 'there never was an application' }]
    expect((await here.complete({ overrides })).migrations).toMatchObject(complete)
    const gates = await here.query(`select data ->> 'gate' as gate from lockkeeper.journal where event = 'gate-overridden'`)
    expect(gates).toEqual([{ gate: 'unused:writes' }, { gate: 'unused:statements' }])
  })

  test('names the right that is missing', async () => {
    const owned = `do $$ begin create role migrator; exception when duplicate_object then null; end $$; alter table users owner to migrator;
      grant create on schema public to migrator; select count(full_name) from users;
      do $$ begin execute format('grant create on database %I to migrator', current_database()); end $$`
    await using here = await counting(version, { setup: `create extension pg_stat_statements; ${table}; ${owned}`, role: 'migrator' })
    expect(await statements(here)).toMatchObject({
      evidence: ['migrator may not see the statements of other roles in pg_stat_statements'],
      hint: 'Have a DBA run GRANT pg_read_all_stats TO migrator.',
    })
    await here.query('grant pg_read_all_stats to migrator')
    const granted = await statements(here)
    await here.query('revoke pg_read_all_stats from migrator')
    expect(granted?.failure).toContain('it is too early to tell')
  })

  test('says that statements are not counted', async () => {
    await using here = await counting(version)
    await here.query(`alter database ${here.database.name} set pg_stat_statements.track = 'none'`)
    expect(await statements(here)).toMatchObject({ evidence: ['pg_stat_statements counts nothing: pg_stat_statements.track is none'] })
  })

  test('says that statements cannot be read', async () => {
    await using server = await startPostgres({ version, settings: { shared_preload_libraries: '' } })
    await using here = await counting(version, { server })
    expect(await statements(here)).toMatchObject({
      evidence: [expect.stringMatching(/^pg_stat_statements cannot be read: .*shared_preload_libraries/)],
    })
  })

  test('a server that forgets statements to make room is not taken for quiet', async () => {
    const settings = { 'pg_stat_statements.max': '100' }
    await using server = await startPostgres({ version, settings })
    await using here = await expanded({ version, sql, setup: `create extension pg_stat_statements; ${table}`, server })
    for (let n = 1; n < 150; n += 1) await here.query(`select 1 as a${n}`)
    const closed = await statements(here)
    expect(closed?.evidence[0]).toMatch(version < 14 ? /^pg_stat_statements is full/ : /^pg_stat_statements was full and forgot statements/)
  })

  test('a first look that fails does not fail apply', async () => {
    const failing = `create function no() returns trigger language plpgsql as $f$ begin raise 'no'; end $f$;
      create trigger no before insert on lockkeeper.evidence for each row execute function no()`
    await using here = await counting(version, {
      before: async (url) => {
        await using session = await connect({ url, applicationName: 'test' })
        await postgres.journal(session).install()
        await session.script([failing])
      },
    })
    expect(await here.query('select from lockkeeper.evidence')).toEqual([])
    await here.query('drop trigger no on lockkeeper.evidence')
    expect((await here.closed({ quietMs })).map(({ failure }) => failure.slice(0, 24))).toEqual([
      'it is too early to tell ',
      'it is too early to tell ',
    ])
    await here.anHourPasses()
    expect((await here.complete({ quietMs })).migrations).toMatchObject(complete)
  })
})

forEachVersion('statements of the server itself', (version) => {
  test('that check a foreign key do not pass for the application, even where nested ones are counted', async () => {
    const settings = { 'pg_stat_statements.track': 'all' }
    await using server = await startPostgres({ version, settings })
    const setup = `create extension pg_stat_statements; create table people (id int primary key); insert into people values (1), (2);
      create table users (id int primary key, person int references people on delete cascade on update cascade); insert into users values (1, 1)`
    await using here = await expanded({ version, sql: 'alter table users drop column person', setup, server })
    await here.anHourPasses()
    await here.query('update people set id = 3 where id = 1')
    await here.query('delete from people where id = 3')
    expect(await here.closed({ quietMs, minAgeMs: 1e9 })).toMatchObject([{ gate: 'min-age' }])
    await here.query(`create function f() returns bigint language plpgsql as $f$ begin return (select count(person) from users); end $f$`)
    await here.query('select f()')
    expect((await here.closed({ quietMs })).map(({ gate }) => gate)).toEqual(['nothing-depends', 'unused:statements'])
  })
})
