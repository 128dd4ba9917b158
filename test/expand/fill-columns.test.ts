import { describe, expect, test } from 'vitest'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { expectNone, expectLivedThrough, planFor, expectTakenBack } from '../support/live-through.ts'
import { run } from '../../src/run/run.ts'
import { runOptions } from '../support/run.ts'

forEachVersion('a column that the new application leaves out', (version) => {
  const change = {
    version,
    setup: `create table orders (id int primary key, total int not null, currency text not null, code text);
      insert into orders select n, n, 'EUR', 'c' from generate_series(1, 500) n`,
    sql: `
-- lockkeeper-down currency: 'X' || orders.total
ALTER TABLE orders DROP COLUMN currency;
ALTER TABLE orders DROP COLUMN code;`,
  }

  test('is filled by a trigger in its rows until nobody needs it', async () => {
    await expectLivedThrough({
      ...change,
      old: [
        (n) => `insert into orders (id, total, currency) values (${100_000 + n}, ${n}, 'EUR');
          update orders set currency = 'USD' where id = ${1 + (n % 50)}`,
      ],
      fresh: [(n) => `insert into orders (id, total) values (${200_000 + n}, ${n}); update orders set total = ${n} where id = ${n % 50}`],
      expanded: (database) =>
        expectNone(
          database,
          `select * from orders where currency is distinct from case when id < 200000 then currency else 'X' || total end`,
        ),
      completed: (database) => expectNone(database, `select * from orders where id >= 100000 and total <> id % 100000`),
    })
  }, 60_000)

  test('abort leaves nothing behind', async () => {
    await expectTakenBack(change)
  })
})

forEachVersion('a new column that is made of ones that stay', (version) => {
  const change = {
    version,
    setup: `create table posts (id int primary key, title text, views int);
      insert into posts select n, 'Title ' || n, n from generate_series(1, 3000) n`,
    sql: `
-- lockkeeper-up slug: lower(replace(title, ' ', '-'))
ALTER TABLE posts ADD COLUMN slug varchar(60);
-- lockkeeper-up seen: coalesce(views, 0) > 0
ALTER TABLE posts ADD COLUMN seen boolean NOT NULL;
CREATE INDEX posts_slug ON posts (slug);`,
  }

  test('follows them in what the old application writes, and keeps what the new one writes', async () => {
    await expectLivedThrough({
      ...change,
      old: [
        (n) => `insert into posts (id, title, views) values (${100_000 + n}, 'Old ${n}', ${n % 3});
          update posts set title = 'Again ' || id where id = ${1 + (n % 200)}`,
        () => `update posts set views = null where id between 500 and 520`,
      ],
      fresh: [
        (n) => `insert into posts (id, title, slug, seen) values (${200_000 + n}, 'New', 'own-${n}', ${n % 2 === 0});
          update posts set slug = 'mine' where id = ${1001 + (n % 50)};
          update posts set title = 'Another' where id = ${1001 + (n % 50)}`,
      ],
      completed: (database) =>
        expectNone(
          database,
          `select * from posts where
            (id < 1000 and slug is distinct from lower(replace(title, ' ', '-'))) or
            (id < 200000 and seen is distinct from coalesce(views, 0) > 0) or
            (id between 1001 and 1050 and slug is distinct from case title when 'Another' then 'mine' else 'title-' || id end) or
            (id >= 200000 and (slug, seen) is distinct from ('own-' || (id - 200000), id % 2 = 0)) limit 5`,
        ),
    })
  }, 60_000)

  test('abort leaves nothing behind', async () => {
    await expectTakenBack(change)
  })

  test('abort takes the checks, keys and indexes beside it with it', async () => {
    await expectTakenBack({
      version,
      setup: `create table owners (id int primary key); insert into owners values (1); ${change.setup}`,
      sql: `-- lockkeeper-up owner: 1\n-- lockkeeper-up code: 'c' || id\nALTER TABLE posts ADD COLUMN owner int NOT NULL REFERENCES owners ON DELETE CASCADE,
        ADD COLUMN code text CONSTRAINT coded NOT NULL CHECK (code <> '') UNIQUE`,
    })
  })

  test('is refused before anything is changed where the value is NULL for a row, or does not fit the column', async () => {
    const setup = `create table posts (id int primary key, title text); insert into posts values (1, null)`
    await using database = await freshDatabase(version, { setup })
    const tried = async (sql: string) => run(runOptions(database.url, await planFor(database.url, sql)))
    await expect(tried(`-- lockkeeper-up slug: lower(title)\nalter table posts add column slug text not null`)).rejects.toMatchObject({
      code: 'data-check-failed',
      message: 'm1: public.posts has rows for which the up of slug gives NULL, and the column is to be NOT NULL: id = 1',
    })
    await expect(tried(`-- lockkeeper-up words: lower(title)\nalter table posts add column words int`)).rejects.toMatchObject({
      code: 'step-failed',
      exit: 1,
    })
    await expectNone(database, `select attname from pg_attribute where attrelid = 'posts'::regclass and attnum > 2`)
    await expectNone(database, `select tgname from pg_trigger where tgrelid = 'posts'::regclass`)
  })
})

forEachVersion('a column that becomes NOT NULL while the old application still writes NULL', (version) => {
  const change = {
    version,
    setup: `create table users (id int primary key, email text, nick text, visits int not null default 0);
      insert into users select n, case when n % 3 = 0 then 'e' || n end, 'n' from generate_series(1, 3000) n`,
    sql: `
-- lockkeeper-up email: 'unknown' || users.id || '@example.com'
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER COLUMN email SET DEFAULT 'x';`,
  }

  test('gets the value in the place of each NULL', async () => {
    await expectLivedThrough({
      ...change,
      old: [
        (n) => `insert into users (id, nick, email) values (${100_000 + n}, 'old', ${n % 2 === 0 ? 'null' : "'given'"});
          update users set email = null where id = ${3 * (1 + (n % 100))};
          update users set visits = visits + 1 where id = ${2 + 3 * (n % 100)}`,
      ],
      fresh: [(n) => `insert into users (id, email) values (${200_000 + n}, 'new')`],
      completed: (database) =>
        expectNone(
          database,
          `select * from users where email is distinct from case
            when id >= 200000 then 'new' when id >= 100000 and id % 2 = 1 then 'given'
            when id % 3 = 0 and id < 100000 and email <> 'unknown' || id || '@example.com' then 'e' || id
            else 'unknown' || id || '@example.com' end limit 5`,
        ),
    })
  }, 60_000)

  test('abort leaves nothing behind', async () => {
    await expectTakenBack(change)
  })
})

describe('the counter of writes by the old side', () => {
  const moved = async (setup: string, sql: string, writes: readonly string[]) => {
    await using database = await freshDatabase(18, { setup })
    await run(runOptions(database.url, await planFor(database.url, sql)))
    const client = await database.client()
    const counts: number[] = []
    for (const write of writes) {
      await client.query(write)
      const { rows } = await client.query<{ n: number }>(
        `select coalesce(last_value, 0)::int as n from pg_sequences where schemaname = 'lockkeeper' and sequencename like '%old_writes%'`,
      )
      counts.push(rows[0]?.n ?? -1)
    }
    return counts
  }

  test('moves for what gives a column that goes, and for no other write', async () => {
    const counts = await moved(
      'create table o (id int primary key, cur text not null, n int)',
      `-- lockkeeper-down cur: 'X'\nalter table o drop column cur`,
      [
        `insert into o (id) values (1)`,
        `insert into o (id, cur) values (2, 'E')`,
        `update o set n = 1`,
        `update o set cur = 'F' where id = 2`,
      ],
    )
    expect(counts).toEqual([0, 1, 1, 2])
  })

  test('moves for a NULL in a column that is to have none', async () => {
    const counts = await moved(
      'create table o (id int primary key, cur text, n int)',
      `-- lockkeeper-up cur: 'X'\nalter table o alter column cur set not null`,
      [
        `insert into o (id, cur) values (1, 'E')`,
        `insert into o (id) values (2)`,
        `update o set n = 1`,
        `update o set cur = null where id = 1`,
      ],
    )
    expect(counts).toEqual([0, 1, 1, 2])
  })
})
