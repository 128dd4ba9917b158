import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { act, killed } from '../support/killed.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { schemaOf } from '../support/snapshot.ts'

const folder = join(import.meta.dirname, '../cases/runs/expand')

const setup = `create table users (id int primary key, full_name text, junk text);
create index users_name on users (full_name);
insert into users select n, 'user ' || n, 'x' from generate_series(1, 3000) n;
create table notes (id int primary key, user_id int references users, note text);
insert into notes select n, n, 'note' from generate_series(1, 500) n;
create table old_things (id int primary key, user_id int references users)`

forEachVersion('kill -9 at every boundary', (version) => {
  test('of expand, backfill and complete ends where the statements as written end', { timeout: 300_000 }, async () => {
    await using original = await freshDatabase(version, { setup })
    await using database = await freshDatabase(version, { setup })
    const client = await original.client()
    await client.query(readFileSync(join(folder, 'migrations/001_shape.sql'), 'utf8'))
    expect(await killed({ database, folder, verb: 'apply' })).toBeGreaterThan(6)
    expect(await killed({ database, folder, verb: 'complete' })).toBeGreaterThan(6)
    expect(diffSchemas(await schemaOf(client), await schemaOf(await database.client()))).toEqual([])
    const { rows } = await (await database.client()).query(`select count(*)::int as n from users where name = 'user ' || id`)
    expect(rows).toEqual([{ n: 3_000 }])
  })

  test('of abort ends where it began', { timeout: 300_000 }, async () => {
    await using database = await freshDatabase(version, { setup })
    const before = await schemaOf(await database.client())
    expect(await act({ database, folder, verb: 'apply' }, 0)).toBe(true)
    // Columns and triggers go in one transaction, so that there are few boundaries.
    expect(await killed({ database, folder, verb: 'abort' })).toBeGreaterThan(3)
    expect(diffSchemas(before, await schemaOf(await database.client()))).toEqual([])
  })
})
