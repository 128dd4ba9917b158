import pg from 'pg'

import { expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import type { CompatibilityReport } from '../../src/model/compatibility.ts'
import { cliHere, project } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'

const init = `create table users (id int primary key, full_name text not null, age int, at timestamptz default now());\n`
const said = [
  'select full_name from users where id = 7',
  'select full_name from users where id = 8',
  "select id from users where at > now() - interval '1 day' and id in (1, 2, 3) limit 5",
  "select extract(epoch from at), age + 1 from users where full_name like 'a%' offset 2",
  "select date_trunc('day', at) as day, sum(case when age > 3 then 1 else 0 end) from users group by date_trunc('day', at)",
  "select id, timestamp with time zone '2026-01-01 00:00:00Z' from users where at > timestamptz '2026-01-01'",
  "insert into users (id, full_name) values (1, 'secret name')",
  "update users set age = coalesce(age, 0) + 1 where full_name = 'x'",
  'begin',
  'commit',
  'select count(*) from pg_class',
  'select no_such_column from users',
]

async function use(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of statements)
      await client.query(sql).catch((error: unknown) => (sql.includes('no_such') ? undefined : Promise.reject(error)))
  } finally {
    await client.end()
  }
}

const files = {
  'migrations/1_init.sql': init,
  'migrations/2_rename.sql': 'alter table users rename column full_name to name;\n',
}

forEachVersion('pg_stat_statements', (version) => {
  test('tells what the application asks, how often, and since when; nothing is changed there', async () => {
    await using server = await startPostgres({ version, settings: { shared_preload_libraries: 'pg_stat_statements' } })
    await use(server.url, ['create database shop', 'create role app login', 'create role seer login'])
    const shop = server.databaseUrl('shop')
    await using here = await project(files)
    const compat = async (url: string, ...more: readonly string[]) => {
      const args = ['compat', 'migrations/2_rename.sql', '--database-url', url, ...more]
      const { stdout, status } = await cliHere([...args, '--json'], { cwd: here.folder })
      return {
        status,
        ...(JSON.parse(stdout) as CompatibilityReport & { readonly error?: { readonly code: string; readonly hint: string } }),
      }
    }
    expect(await compat(shop)).toMatchObject({
      status: 1,
      error: { code: 'queries-missing', hint: expect.stringContaining('CREATE EXTENSION') },
    })

    await use(shop, [init, 'create extension pg_stat_statements', 'grant all on users to app', ...said])
    const report = await compat(shop)
    expect(report.error).toBeUndefined()
    expect(report.old.map(({ sql, outcome }) => [outcome, sql]).filter(([outcome]) => outcome === 'unreadable')).toEqual([])
    const broken = report.old.filter(({ outcome }) => outcome === 'breaks')
    expect(broken.map(({ sql }) => sql)).toContain('select full_name from users where id = $1')
    expect(broken[0]).toMatchObject({ calls: 2, id: expect.stringMatching(/^-?\d+$/) })
    expect(broken.length).toBe(4)
    expect(JSON.stringify(report)).not.toContain('secret name')
    expect(report.old.map(({ sql }) => sql).join('\n')).not.toMatch(/pg_class|begin|no_such_column/)
    expect(report.summary.old).toMatchObject({ from: 'pg_stat_statements', judgedShare: 1 })
    expect(report.summary.old?.leftOut).toBeGreaterThan(2)
    expect([report.summary.old?.evictions, report.summary.old?.since?.slice(0, 3)]).toEqual(
      version >= 14 ? [0, '202'] : [undefined, undefined],
    )
    expect(report.notes.join().includes('Since when the statements are counted, this server does not say')).toBe(version < 14)

    const asApp = new URL(shop)
    asApp.username = 'app'
    expect(await compat(asApp.toString())).toMatchObject({
      status: 1,
      error: { code: 'queries-missing', hint: expect.stringContaining('GRANT pg_read_all_stats TO app') },
    })
    await use(asApp.toString(), ['select id from users'])
    const own = await compat(asApp.toString())
    expect(own.old.map(({ sql }) => sql)).toEqual(['select id from users'])
    expect(own.notes.join()).toMatch(/The text of \d+ statements of other roles is hidden from app: GRANT pg_read_all_stats TO app/)
  })

  test('that the server does not load is told with what to do', async () => {
    await using server = await startPostgres({ version, settings: { shared_preload_libraries: '' } })
    await use(server.url, ['create extension pg_stat_statements'])
    await using here = await project(files)
    const args = ['compat', 'migrations/2_rename.sql', '--database-url', server.url]
    const { status, stderr } = await cliHere(args, { cwd: here.folder })
    expect(status).toBe(1)
    expect(stderr).toContain("shared_preload_libraries = 'pg_stat_statements'")
  })
})
