import { expect, test } from 'vitest'
import { describeSchema, diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { runOptions } from '../support/run.ts'
import { lostValues, startWriter, type Write } from '../support/two-versions.ts'

interface Case {
  readonly name: string
  readonly setup: string
  readonly migration: string
  /** What each version of the application writes; `from` parts their rows. */
  readonly old: (n: number, from: number) => Write
  readonly fresh: (n: number, from: number) => Write
  /** id and value of all rows, as each version reads them. */
  readonly readOld: string
  readonly readFresh: string
}

interface Texts {
  readonly insert: (id: number, value: string) => string
  readonly update: (id: number, value: string) => string
}

/** Each row is inserted, then changed twice; then comes the next one. */
function write(n: number, from: number, { insert, update }: Texts): Write {
  const id = from + Math.floor((n - 1) / 3)
  const value = `w${from}-${n}`
  return { id, value, sql: n % 3 === 1 ? insert(id, value) : update(id, value) }
}

const users = `create table users (id int primary key, full_name text, age int default 7, junk text);
  create index users_name on users (full_name); insert into users select n, 'user ' || n from generate_series(1, 20000) n`
const plainName = {
  insert: (id: number, value: string) => `insert into users (id, full_name) values (${id}, '${value}')`,
  update: (id: number, value: string) => `update users set full_name = '${value}' where id = ${id}`,
}
const newName = {
  insert: (id: number, value: string) =>
    `insert into users (id, name) values (${id}, '${value}') on conflict (id) do update set name = excluded.name`,
  update: (id: number, value: string) => `update users set name = '${value}', age = 8 where id = ${id}`,
}
const inPeople = (table: string) => ({
  insert: (id: number, value: string) => `insert into ${table} (id, full_name) values (${id}, '${value}')`,
  update: (id: number, value: string) => `update ${table} set full_name = '${value}' where id = ${id}`,
})

const cases: readonly Case[] = [
  {
    name: 'a renamed column',
    setup: users,
    migration: 'alter table users rename column full_name to name',
    old: (n, from) => write(n, from, plainName),
    fresh: (n, from) => write(n, from, newName),
    readOld: 'select id, full_name as value from users',
    readFresh: 'select id, name as value from users',
  },
  {
    name: 'a renamed table',
    setup: users,
    migration: 'alter table users rename to people',
    old: (n, from) => write(n, from, inPeople('users')),
    fresh: (n, from) => write(n, from, inPeople('people')),
    readOld: 'select id, full_name as value from users',
    readFresh: 'select id, full_name as value from people',
  },
  {
    name: 'a dropped column',
    setup: users,
    migration: 'alter table users drop column junk',
    old: (n, from) =>
      write(n, from, {
        insert: (id, value) => `insert into users (id, full_name, junk) values (${id}, '${value}', 'x')`,
        update: (id, value) => `update users set full_name = '${value}', junk = 'y' where id = ${id}`,
      }),
    fresh: (n, from) => write(n, from, plainName),
    readOld: 'select id, full_name as value from users',
    readFresh: 'select id, full_name as value from users',
  },
]

async function planFor(url: string, sql: string) {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)])
}

async function schemaOf(url: string) {
  await using session = await connect({ url, applicationName: 'look' })
  return await describeSchema((sql, values) => session.query(sql, values))
}

const contract = { overrides: [{ gate: 'unused', reason: 'a test' }], minAgeMs: 0, waitMs: 0 }

forEachVersion('two versions of an application', (version) => {
  test.each(cases)('$name: neither loses a value, and none of its statements fails', async (one) => {
    await using database = await freshDatabase(version, { setup: one.setup })
    await using wanted = await freshDatabase(version, { setup: `${one.setup}; ${one.migration}` })
    const options = runOptions(database.url, await planFor(database.url, one.migration))
    const old = await startWriter(database.url, (n) => one.old(n, 100_000))
    await old.wrote(50)
    expect((await run(options)).migrations).toMatchObject([{ state: 'expanded' }])
    const fresh = await startWriter(database.url, (n) => one.fresh(n, 200_000))
    await Promise.all([old.wrote(200), fresh.wrote(200)])
    const gone = await old.stop()
    expect(gone.failures).toEqual([])
    expect(await lostValues(database.url, gone.last, one.readOld)).toEqual([])
    expect(await lostValues(database.url, gone.last, one.readFresh)).toEqual([])
    expect((await complete({ ...options, contract })).migrations).toMatchObject([{ state: 'complete' }])
    await fresh.wrote(100)
    const stays = await fresh.stop()
    expect(stays.failures).toEqual([])
    expect(await lostValues(database.url, new Map([...gone.last, ...stays.last]), one.readFresh)).toEqual([])
    expect(diffSchemas(await schemaOf(wanted.url), await schemaOf(database.url))).toEqual([])
  })

  test.each(cases)('$name: abort under the old version leaves the schema as it was', async (one) => {
    await using database = await freshDatabase(version, { setup: one.setup })
    const before = await schemaOf(database.url)
    const options = runOptions(database.url, await planFor(database.url, one.migration))
    const old = await startWriter(database.url, (n) => one.old(n, 100_000))
    await run(options)
    await old.wrote(50)
    await abort(options)
    await old.wrote(50)
    const { last, failures } = await old.stop()
    expect(failures).toEqual([])
    expect(await lostValues(database.url, last, one.readOld)).toEqual([])
    expect(diffSchemas(before, await schemaOf(database.url))).toEqual([])
  })
})
