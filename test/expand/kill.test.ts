import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { bundle } from '../support/bundle.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { schemaOf } from '../support/snapshot.ts'

const folder = join(import.meta.dirname, '../cases/runs/expand')
const child = bundle('test/support/expand-child.ts')

const setup = `create table users (id int primary key, full_name text, junk text);
create index users_name on users (full_name);
insert into users select n, 'user ' || n, 'x' from generate_series(1, 3000) n;
create table notes (id int primary key, user_id int references users, note text);
insert into notes select n, n, 'note' from generate_series(1, 500) n;
create table old_things (id int primary key, user_id int references users)`

type Verb = 'apply' | 'complete' | 'abort'

/** True once it came to the end; false where it killed itself after the event. */
async function act({ url }: TestDatabase, verb: Verb, killAt: number): Promise<boolean> {
  const args = [await child, url, folder, verb, String(killAt)]
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, _stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

/** Kills it again and again, each time a boundary further, until it comes to its end; gives how often. */
async function killed(database: TestDatabase, verb: Verb, killAt: (runs: number) => number): Promise<number> {
  let runs = 0
  while (!(await act(database, verb, killAt(runs)))) runs += 1
  return runs
}

const afterIntentAndAct = (runs: number) => 1 + (runs % 2)

forEachVersion('kill -9 at every boundary', (version) => {
  test('of expand, backfill and complete ends where the statements as written end', { timeout: 300_000 }, async () => {
    await using original = await freshDatabase(version, { setup })
    await using database = await freshDatabase(version, { setup })
    const client = await original.client()
    await client.query(readFileSync(join(folder, 'migrations/001_shape.sql'), 'utf8'))
    expect(await killed(database, 'apply', afterIntentAndAct)).toBeGreaterThan(6)
    expect(await killed(database, 'complete', afterIntentAndAct)).toBeGreaterThan(6)
    expect(diffSchemas(await schemaOf(client), await schemaOf(await database.client()))).toEqual([])
    const { rows } = await (await database.client()).query(`select count(*)::int as n from users where name = 'user ' || id`)
    expect(rows).toEqual([{ n: 3_000 }])
  })

  test('of abort ends where it began', { timeout: 300_000 }, async () => {
    await using database = await freshDatabase(version, { setup })
    const before = await schemaOf(await database.client())
    expect(await act(database, 'apply', 0)).toBe(true)
    expect(await killed(database, 'abort', (runs) => runs + 1)).toBeGreaterThan(5)
    expect(diffSchemas(before, await schemaOf(await database.client()))).toEqual([])
  })
})
