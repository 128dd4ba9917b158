import { expect, test } from 'vitest'
import type { CompatibilityReport, JudgedQuery } from '../../src/model/compatibility.ts'
import { cli, cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const init = `create type mood as enum ('glad', 'sad');
create table users (id int primary key, full_name text not null, age int, feels mood default 'glad', at timestamptz default now());
create table orders (id int primary key, user_id int references users, total int, note text, ref text);
create table events (id int primary key, kind text);\n`
const change = `alter table users rename column full_name to name;
alter table orders drop column note;
alter table orders alter column total type bigint;
alter table orders alter column ref type uuid using ref::uuid;
alter table users add column email text;\n`

const queries = {
  byName: 'select id, full_name from users where id = $1',
  note: 'insert into orders (id, note) values ($1, $2)',
  total: 'select id, total from orders where id = $1',
  ref: 'select id from orders where ref = $1',
  all: 'select * from users',
  ids: 'select id, age from users order by id limit $1',
  strange: 'select nothing from nowhere',
  interval: 'select count(*) from users where at > now() - interval $1',
  extract: 'select extract($1 from at) from users where id in ($2, $3)',
  sum: 'select sum(case when age > $1 then $2 else $3 end) from users',
  group: 'select date_trunc($1, at), count(*) from users group by date_trunc($2, at)',
  isNull: 'select id from users where $1 is null or id = $2',
}
type Name = keyof typeof queries

async function compat(folder: string, ...args: readonly string[]): Promise<CompatibilityReport & { readonly status: number | null }> {
  const { stdout, stderr, status } = await cliHere(['compat', ...args, '--json'], { cwd: folder })
  expect(stderr).toBe('')
  return { ...(JSON.parse(stdout) as CompatibilityReport), status }
}

function outcomesOf(found: readonly JudgedQuery[], sql: string) {
  const query = found.find((one) => one.sql === sql)
  return query === undefined ? undefined : Object.fromEntries(Object.entries(query.on).map(([state, { outcome }]) => [state, outcome]))
}

forEachVersion('compat', (version) => {
  test('says of each query of the running application what becomes of it', async () => {
    await using here = await project({
      'migrations/1_init.sql': init,
      'migrations/2_change.sql': change,
      'q.sql': `${Object.values(queries).join(';\n')};\nset search_path = x;\n`,
    })
    const report = await compat(here.folder, 'migrations/2_change.sql', '--queries', 'q.sql', '--server', `postgres@${version}`)
    const on = (name: Name) => report.old.find(({ sql }) => sql === queries[name])?.on
    expect(report).toMatchObject({ status: 2, command: 'compat', format: 1, migrations: ['2_change'], states: ['old', 'expanded', 'new'] })
    expect(on('byName')?.expanded).toMatchObject({ outcome: 'ok' })
    expect(on('byName')?.new).toMatchObject({
      outcome: 'breaks',
      sqlstate: '42703',
      cause: { migration: '2_change', where: 'migrations/2_change.sql:1' },
    })
    expect(on('note')).toMatchObject({
      expanded: { outcome: 'ok' },
      new: { outcome: 'breaks', cause: { where: 'migrations/2_change.sql:2' } },
    })
    expect(on('total')?.new).toEqual({
      outcome: 'result-changes',
      changes: [{ column: 'total', before: 'integer', after: 'bigint', meaning: 'pg gives a string instead of a number, Prisma a BigInt' }],
      cause: expect.objectContaining({ where: 'migrations/2_change.sql:3' }),
    })
    expect(on('ref')?.new).toMatchObject({ outcome: 'result-changes', changes: [], prepared: expect.stringContaining('42883') })
    expect(on('all')?.expanded).toMatchObject({
      outcome: 'result-changes',
      changes: [
        { column: 'name', after: 'text' },
        { column: 'email', after: 'text' },
      ],
    })
    expect(on('strange')?.new).toMatchObject({ outcome: 'unreadable', why: 'relation "nowhere" does not exist (42P01)' })
    for (const name of ['ids', 'interval', 'extract', 'sum', 'group', 'isNull'] as const)
      expect([name, on(name)]).toEqual([name, { old: { outcome: 'ok' }, expanded: { outcome: 'ok' }, new: { outcome: 'ok' } }])
    expect(report.summary.old).toMatchObject({ from: 'file', queries: 12, calls: 12, judgedShare: 11 / 12, leftOut: 1 })
    expect(report.summary.old?.states).toMatchObject({ old: { ok: 11, unreadable: 1 }, expanded: { breaks: 0 }, new: { breaks: 2 } })
  })

  test('finds what a view cannot do for the new application, which works on the table of that name', async () => {
    const renamed = 'alter table events rename to happenings;\n'
    const next = {
      plain: 'select id, kind from happenings where id = $1',
      upsert: 'insert into happenings (id) values ($1) on conflict (id) do nothing',
      constraint: 'insert into happenings (id) values ($1) on conflict on constraint events_pkey do nothing',
      grouped: 'select happenings.*, count(*) from happenings group by id',
      truncate: 'truncate happenings',
      copy: 'copy happenings from stdin',
    }
    await using here = await project({
      'migrations/1_init.sql': init,
      'migrations/2_rename.sql': renamed,
      'new.sql': Object.values(next).join(';\n'),
      'q.sql': 'select kind from events;\ntruncate events;\ncopy events from stdin',
    })
    const args = ['migrations/2_rename.sql', '--queries', 'q.sql', '--new-queries', 'new.sql', '--server', `postgres@${version}`]
    const report = await compat(here.folder, ...args)
    const works = { old: 'breaks', expanded: 'ok', new: 'ok' }
    for (const sql of [next.plain, next.upsert]) expect([sql, outcomesOf(report.new, sql)]).toEqual([sql, works])
    for (const sql of [next.constraint, next.grouped, next.truncate, next.copy])
      expect([sql, outcomesOf(report.new, sql)]).toEqual([sql, { ...works, expanded: 'breaks' }])
    for (const { on } of report.old)
      expect(on).toMatchObject({ old: { outcome: 'ok' }, expanded: { outcome: 'ok' }, new: { outcome: 'breaks' } })
    expect(report.status).toBe(2)
  })

  test('takes the queries of both applications while something is expanded', async () => {
    await using database = await freshDatabase(version, { setup: 'create schema app' })
    const client = await database.client()
    await client.query(`alter database ${database.name} set search_path = app, public`)
    await using here = await project({
      'migrations/1_init.sql': `${init}create table public.others (id int);\n`,
      'migrations/2_change.sql': 'alter table users rename column full_name to name;\n',
      'q.sql':
        'select id from others;\nselect full_name from users;\nselect name from users where at > now() - interval $1;\nselect nothing from users',
    })
    const url = ['--database-url', database.url]
    const apply = async (...more: readonly string[]) =>
      await cliHere(['apply', 'migrations', ...url, '--yes', ...more], { cwd: here.folder })
    expect(await apply('--to', '1_init')).toMatchObject({ status: 0 })
    expect(await apply()).toMatchObject({ status: 0 })
    const report = await compat(here.folder, 'migrations', ...url, '--queries', 'q.sql')
    expect(report).toMatchObject({ migrations: ['2_change'], status: 2 })
    expect(report.old.map(({ sql, on }) => [sql.slice(0, 13), on.old?.outcome, on.expanded?.outcome, on.new?.outcome])).toEqual([
      ['select full_n', 'ok', 'ok', 'breaks'],
      ['select nothin', 'unreadable', 'unreadable', 'unreadable'],
      ['select id fro', 'ok', 'ok', 'ok'],
      ['select name f', undefined, 'ok', 'ok'],
    ])
  })

  test('does with an empty database of the user, of which there is only one', async () => {
    await using database = await freshDatabase(version)
    await using here = await project({
      'migrations/1_init.sql': init,
      'migrations/2_change.sql': 'alter table users rename column full_name to name;\n',
      'q.sql': 'select full_name from users;\nselect id from users',
    })
    const report = await compat(here.folder, 'migrations', '--queries', 'q.sql', '--shadow-url', database.url)
    expect(report).toMatchObject({ status: 2, states: ['old', 'new'] })
    expect(report.old.map(({ on }) => on)).toMatchObject([
      { old: { outcome: 'ok' }, new: { outcome: 'breaks', sqlstate: '42703' } },
      { old: { outcome: 'ok' }, new: { outcome: 'ok' } },
    ])
    expect(report.notes.join()).toContain('The expanded schema was not looked at: a shadow database cannot be copied.')
  })

  test('counts the new schema for the exit status only where it is asked to', async () => {
    await using here = await project({
      'migrations/1_init.sql': init,
      'migrations/2_change.sql': 'alter table users rename column full_name to name;\n',
      'q.sql': 'select full_name from users',
      'star.sql': 'select * from users',
    })
    const args = ['compat', 'migrations', '--server', `postgres@${version}`]
    const run = async (...more: readonly string[]) => await cliHere([...args, ...more], { cwd: here.folder })
    const all = await run('--queries', 'q.sql')
    expect(all.status).toBe(2)
    expect(flat(all.stdout)).toContain('Deploy the new application first; complete waits until nobody needs the old shape')
    expect(flat(all.stdout)).toContain('looked at is the last migration, 2_change.')
    expect(await run('--queries', 'q.sql', '--phase', 'expanded')).toMatchObject({ status: 0 })
    expect(await run('--queries', 'q.sql', '--fail-on', 'never')).toMatchObject({ status: 0 })
    expect(await run('--queries', 'star.sql')).toMatchObject({ status: 0 })
    expect(await run('--queries', 'star.sql', '--fail-on', 'warning')).toMatchObject({ status: 2 })
  })
})

test('reads logs of the server, and counts what differs by its constants alone as one', async () => {
  const stderr = [
    '2026-11-24 10:00:00.123 UTC [4711] app@shop LOG:  statement: select full_name from users where id = 1 and age > 30',
    '2026-11-24 10:00:00.124 UTC [4711] app@shop LOG:  statement: select full_name from users where id = 22 and age > 31',
    '2026-11-24 10:00:00.125 UTC [4711] app@shop LOG:  duration: 0.123 ms  parse S_1: select id',
    '2026-11-24 10:00:00.126 UTC [4711] app@shop LOG:  duration: 0.123 ms  execute S_1: select id',
    '\t  from users where id = $1',
    "2026-11-24 10:00:00.126 UTC [4711] app@shop DETAIL:  Parameters: $1 = '1'",
    '2026-11-24 10:00:00.127 UTC [4711] app@shop LOG:  checkpoint starting: time',
    '2026-11-24 10:00:00.128 UTC [4711] app@shop LOG:  statement: BEGIN',
  ].join('\n')
  const csv = (message: string) =>
    `2026-11-24 10:00:00.123 UTC,"app","shop",4711,"[local]",65.1,1,"SELECT",2026-11-24 10:00:00 UTC,3/1,0,LOG,00000,"${message}",,,,,,,,,"psql","client backend",,0`
  await using here = await project({
    'migrations/1_init.sql': init,
    'migrations/2_change.sql': 'alter table users rename column full_name to name;\n',
    'stderr.log': stderr,
    'csv.log': [csv('statement: select ""full_name""\nfrom users'), csv('execute <unnamed>: select id from users'), ''].join('\n'),
    'json.log': `${JSON.stringify({ error_severity: 'LOG', message: 'statement: select full_name from users' })}\n`,
  })
  const found = async (log: string) => {
    const report = await compat(here.folder, 'migrations', '--log', log)
    return report.old.map(({ sql, calls, outcome }) => [sql, calls, outcome])
  }
  expect(await found('stderr.log')).toEqual([
    ['select full_name from users where id = 1 and age > 30', 2, 'breaks'],
    ['select id\n  from users where id = $1', 1, 'ok'],
  ])
  expect(await found('csv.log')).toEqual([
    ['select "full_name"\nfrom users', 1, 'breaks'],
    ['select id from users', 1, 'ok'],
  ])
  expect(await found('json.log')).toEqual([['select full_name from users', 1, 'breaks']])
})

test('reports what it cannot read, and goes on with the rest', async () => {
  await using here = await project({
    'migrations/1_init.sql': init,
    'migrations/2_change.sql': 'alter table users rename column full_name to name;\n',
    'broken.sql': "select full_name from users;\nselec wrong;\n-- nothing\n;\nselect 'open from users;\nselect id from users;\n",
    'queries.jsonl':
      '{"sql": "select full_name from users", "calls": 40}\n{"sql": 7}\nnot json\n{"sql":"select id from users;","calls":60}\n{"sql":"select \\u0000","calls":2}\n',
    'empty.sql': '-- nothing\n',
    'set.sql': 'set x.y = 1;\nbegin;\ncommit;\n',
  })
  const found = async (file: string) => (await compat(here.folder, 'migrations', '--queries', file)).old
  expect((await found('broken.sql')).map(({ sql, outcome }) => [sql, outcome])).toEqual([
    ['select full_name from users', 'breaks'],
    ['selec wrong', 'unreadable'],
    ["select 'open from users", 'unreadable'],
    ['select id from users', 'ok'],
  ])
  const lines = await found('queries.jsonl')
  expect(lines.map(({ outcome, calls }) => [outcome, calls])).toEqual([
    ['breaks', 40],
    ['unreadable', 2],
    ['unreadable', 1],
    ['unreadable', 1],
    ['ok', 60],
  ])
  const fails = async (...args: readonly string[]) => {
    const { status, stdout } = await cliHere(['compat', 'migrations', ...args, '--json'], { cwd: here.folder })
    return { status, ...(JSON.parse(stdout) as { readonly error: { readonly code: string; readonly message: string } }).error }
  }
  expect(await fails('--queries', 'missing.sql')).toMatchObject({ status: 1, code: 'queries-unreadable' })
  expect(await fails('--queries', 'migrations')).toMatchObject({ status: 1, code: 'queries-unreadable' })
  expect(await fails('--queries', 'empty.sql')).toMatchObject({ status: 1, code: 'queries-missing' })
  expect(await fails('--queries', 'set.sql')).toMatchObject({ status: 1, code: 'queries-missing' })
  expect(await fails()).toMatchObject({ status: 1, code: 'no-database-url' })
  expect(await fails('--queries', 'set.sql', '--log', 'x')).toMatchObject({ status: 1, code: 'usage' })
})

test('runs as a program', async () => {
  await using here = await project({
    'migrations/1_init.sql': init,
    'migrations/2_change.sql': 'alter table users drop column age;\n',
    'q.sql': 'select age from users;\nselect id from users',
  })
  const { status, stdout } = await cli(['compat', 'migrations', '--queries', 'q.sql'], { cwd: here.folder })
  expect(status).toBe(2)
  expect(flat(stdout)).toContain(
    'column "age" does not exist (42703) by 2_change, migrations/2_change.sql:1: alter table users drop column',
  )
  expect(stdout).toMatch(/running\s+2 ok\s+2 ok\s+1 breaks \(50%\)/)
})
