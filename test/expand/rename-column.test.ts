import { expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { describeSchema, diffSchemas } from '../../src/postgres/describe.ts'
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { runOptions } from '../support/run.ts'

const setup = `create table users (id int primary key, full_name text not null, age int default 7);
  create unique index users_full_name on users (lower(full_name), id);
  create index users_both on users (full_name, age) where full_name <> '';
  insert into users select n, 'user ' || n from generate_series(1, 5000) n`
const rename = 'alter table users rename column full_name to name'

async function planFor(url: string, sql: string) {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)])
}

async function schemaOf(url: string) {
  await using session = await connect({ url, applicationName: 'look' })
  return await describeSchema((sql, values) => session.query(sql, values))
}

forEachVersion('a renamed column', (version) => {
  test('is there under both names until complete, in step, and then under the new one alone', async () => {
    await using database = await freshDatabase(version, { setup })
    await using wanted = await freshDatabase(version, { setup: `${setup}; ${rename}` })
    const options = runOptions(database.url, await planFor(database.url, rename))
    const report = await run(options)
    expect(report.migrations).toMatchObject([{ state: 'expanded' }])
    const client = await database.client()
    await client.query(`update users set full_name = 'old app' where id = 1; update users set name = 'new app' where id = 2;
      insert into users (id, full_name) values (6001, 'old app'); insert into users (id, name) values (6002, 'new app')`)
    const { rows } = await client.query('select id, full_name, name from users where id in (1, 2, 3, 6001, 6002) order by 1')
    expect(rows).toEqual([
      { id: 1, full_name: 'old app', name: 'old app' },
      { id: 2, full_name: 'new app', name: 'new app' },
      { id: 3, full_name: 'user 3', name: 'user 3' },
      { id: 6001, full_name: 'old app', name: 'old app' },
      { id: 6002, full_name: 'new app', name: 'new app' },
    ])
    const done = await complete({ ...options, contract: { overrides: [{ gate: 'unused', reason: 'a test' }], minAgeMs: 0, waitMs: 0 } })
    expect(done.migrations).toMatchObject([{ state: 'complete' }])
    expect(diffSchemas(await schemaOf(wanted.url), await schemaOf(database.url))).toEqual([])
    expect((await client.query(`select count(*)::int as n from users where name is not null`)).rows).toEqual([{ n: 5_002 }])
  })

  test('abort leaves nothing behind', async () => {
    await using database = await freshDatabase(version, { setup })
    const before = await schemaOf(database.url)
    const options = runOptions(database.url, await planFor(database.url, rename))
    await run(options)
    await abort(options)
    expect(diffSchemas(before, await schemaOf(database.url))).toEqual([])
  })
})
