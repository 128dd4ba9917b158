import { test } from 'vitest'
import { forEachVersion } from '../support/postgres.ts'
import { expectNone, expectLivedThrough, expectTakenBack } from '../support/live-through.ts'

const setup = `create table users (id int primary key, full_name text not null, note text);
  insert into users select n, 'First' || n || ' Last' || n from generate_series(1, 4000) n`
const sql = `
-- lockkeeper-up first_name: split_part(full_name, ' ', 1)
ALTER TABLE users ADD COLUMN first_name text NOT NULL;
-- lockkeeper-up last_name: substr(users.full_name,
--   length(split_part(full_name, ' ', 1)) + 2)
ALTER TABLE users ADD COLUMN last_name text NOT NULL;
CREATE INDEX users_last_name ON users (last_name, first_name);
-- lockkeeper-down full_name: first_name || ' ' || last_name
ALTER TABLE users DROP COLUMN full_name;`

/** Each write of a version is known again by its n, of which the row with the highest id tells the last. */
const old = [
  (n: number) => `insert into users (id, full_name) values (${100_000 + n}, 'Old N${n}');
    update users set full_name = 'Was N${n}' where id = ${1 + (n % 50)};
    update users set note = 'n' where id = ${3000 + (n % 900)}`,
  (n: number) => `insert into users (id, full_name) values (${300_000 + (n % 20)}, 'Con N${n}')
    on conflict (id) do update set full_name = excluded.full_name`,
  (n: number) => `update users set full_name = 'Shared A${n}' where id = ${2000 + (n % 20)}`,
]
const fresh = [
  (n: number) => `insert into users (id, first_name, last_name) values (${200_000 + n}, 'New', 'N${n}');
    update users set first_name = 'Is', last_name = 'N${n}' where id = ${1001 + (n % 50)};
    update users set last_name = 'Half N${n}' where id = ${1501 + (n % 300)}`,
  (n: number) => `update users set first_name = 'Shared', last_name = 'B${n}' where id = ${2000 + (n % 20)}`,
]
const lost = `with n as (select max(id) filter (where id between 100000 and 199999) - 100000 as old, max(id) filter (where id between 200000 and 299999) - 200000 as new from users)
  select id, first_name, last_name from users, n where
    (id between 100000 and 199999 and (first_name, last_name) is distinct from ('Old', 'N' || (id - 100000))) or
    (id between 200000 and 299999 and (first_name, last_name) is distinct from ('New', 'N' || (id - 200000))) or
    (id between 1 and 50 and n.old > 50 and (first_name, last_name) is distinct from ('Was', 'N' || (n.old - (n.old - (id - 1)) % 50))) or
    (id between 1001 and 1050 and n.new > 50 and (first_name, last_name) is distinct from ('Is', 'N' || (n.new - (n.new - (id - 1001)) % 50))) or
    (id between 51 and 1000 and (first_name, last_name) is distinct from ('First' || id, 'Last' || id)) or
    (id between 1501 and 1800 and (first_name <> 'First' || id or last_name !~ ('^(Last' || id || '|Half N[0-9]+)$'))) or
    (id between 2000 and 2019 and (first_name, left(last_name, 1)) not in (('Shared', 'A'), ('Shared', 'B'), ('First' || id, 'L'))) or
    (id between 300000 and 300019 and first_name <> 'Con') limit 5`

forEachVersion('a column that becomes two', (version) => {
  test('is there in both forms until complete, in step, with nothing that either version wrote lost', async () => {
    await expectLivedThrough({
      version,
      setup,
      sql,
      old,
      fresh,
      expanded: (database) => expectNone(database, `select * from users where full_name <> first_name || ' ' || last_name limit 5`),
      completed: (database) => expectNone(database, lost),
    })
  }, 60_000)

  test('abort leaves nothing behind', async () => {
    await expectTakenBack({ version, setup, sql })
  })

  test('is written as one ALTER TABLE too, with the column that goes first', async () => {
    const one = `
-- lockkeeper-up "firstName": split_part("fullName", ' ', 1)
-- lockkeeper-up "lastName": split_part("fullName", ' ', 2)
-- lockkeeper-down "fullName": "firstName" || ' ' || "lastName"
ALTER TABLE "User" DROP COLUMN "fullName", ADD COLUMN "firstName" TEXT NOT NULL, ADD COLUMN "lastName" TEXT NOT NULL UNIQUE;`
    await expectLivedThrough({
      version,
      setup: `create table "User" (id serial primary key, "fullName" text not null);
        insert into "User" ("fullName") select 'First ' || n from generate_series(1, 2000) n`,
      sql: one,
      old: [(n) => `insert into "User" ("fullName") values ('Old o${n}')`],
      fresh: [(n) => `insert into "User" ("firstName", "lastName") values ('New', 'n${n}')`],
      completed: (database) =>
        expectNone(
          database,
          `select * from "User" where ("firstName", left("lastName", 1)) not in (('Old', 'o'), ('New', 'n')) and "firstName" <> 'First'`,
        ),
    })
  }, 60_000)
})

forEachVersion('two columns that become one', (version) => {
  const merged = {
    version,
    setup: `create table people (id int primary key, first_name text not null, last_name text);
      create index people_name on people (last_name);
      insert into people select n, 'First', nullif('Last' || n, 'Last7') from generate_series(1, 3000) n`,
    sql: `
-- lockkeeper-up name: concat_ws(' ', first_name, last_name)
ALTER TABLE people ADD COLUMN name varchar(80) NOT NULL CHECK (name <> '');
-- lockkeeper-down first_name: split_part(name, ' ', 1)
-- lockkeeper-down last_name: nullif(split_part(name, ' ', 2), '')
ALTER TABLE people DROP COLUMN first_name, DROP COLUMN last_name;`,
  }

  test('are there in both forms until complete, in step, with nothing lost', async () => {
    await expectLivedThrough({
      ...merged,
      old: [
        (n) => `insert into people (id, first_name, last_name) values (${100_000 + n}, 'Old', 'N${n}');
          update people set last_name = 'Was' where id = ${1 + (n % 50)}`,
      ],
      fresh: [
        (n) => `insert into people (id, name) values (${200_000 + n}, 'New N${n}');
          update people set name = 'Is ' || id where id = ${1001 + (n % 50)}`,
      ],
      expanded: (database) => expectNone(database, `select * from people where name <> concat_ws(' ', first_name, last_name) limit 5`),
      completed: (database) =>
        expectNone(
          database,
          `select * from people where
            (id between 100000 and 199999 and name <> 'Old N' || (id - 100000)) or (id >= 200000 and name <> 'New N' || (id - 200000)) or
            (id = 7 and name not in ('First', 'First Was')) or (id between 51 and 1000 and name <> 'First Last' || id) or
            (id between 1 and 50 and id <> 7 and name not in ('First Was', 'First Last' || id)) or
            (id between 1001 and 1050 and name not in ('Is ' || id, 'First Last' || id)) limit 5`,
        ),
    })
  }, 60_000)

  test('abort leaves nothing behind', async () => {
    await expectTakenBack(merged)
  })
})
