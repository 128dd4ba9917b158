import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { runOptions } from '../support/run.ts'
import { schemaOf } from '../support/snapshot.ts'

async function optionsFor({ url }: TestDatabase, sql: string) {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return runOptions(url, planAll(await session.readCatalog(), [sqlMigration(sql)]))
}

const contract = { overrides: [{ gate: 'unused', reason: 'a test' }], minAgeMs: 0, waitMs: 0 }

interface Case {
  readonly name: string
  readonly setup: string
  readonly migration: string
  /** Between expand and contract: each gives rows, of which `same` must be true. */
  readonly between?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'hostile names',
    setup: `create table "a""b; drop table x" (id int primary key, "c'd" text, "$lk$" int); create table x ();
      create index "i""x" on "a""b; drop table x" ("c'd", lower("c'd")) include ("$lk$");
      insert into "a""b; drop table x" select n, 'v' || n from generate_series(1, 2000) n`,
    migration: `alter table "a""b; drop table x" rename column "c'd" to "e""f; --"; alter table "a""b; drop table x" drop column "$lk$"`,
    between: [
      `update "a""b; drop table x" set "e""f; --" = 'new' where id = 1 returning "c'd" = 'new' as same`,
      `update "a""b; drop table x" set "c'd" = 'old' where id = 2 returning "e""f; --" = 'old' as same`,
    ],
  },
  {
    name: 'a partitioned table with indexes of its own and of a partition',
    setup: `create table logs (id int, at date not null, line text) partition by range (at);
      create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-07-01');
      create table logs_2 partition of logs for values from ('2026-07-01') to ('2027-01-01');
      create index on logs (line); create index on logs_1 (lower(line));
      insert into logs select n, date '2026-01-01' + n % 360, 'line ' || n from generate_series(1, 3000) n`,
    migration: 'alter table logs rename column line to text_',
    between: [
      `insert into logs (id, at, text_) values (0, '2026-03-01', 'new') returning line = 'new' as same`,
      `update logs_2 set line = 'old' where id = 300 returning text_ = 'old' as same`,
    ],
  },
  {
    name: 'types without equality, and with one that says too much',
    setup: `create table t (id int primary key, j json, p point, n numeric, c text collate "C");
      insert into t select n, '{"a": 1}', '(1,2)', 1.0, 'x' from generate_series(1, 1000) n`,
    migration: `alter table t rename column j to j2; alter table t rename column p to p2; alter table t rename column n to n2;
      alter table t rename column c to c2`,
    between: [
      `update t set n = 1.00, j = '{"a":1}' where id = 1 returning n2::text = '1.00' and j2::text = '{"a":1}' as same`,
      `update t set n2 = 1.000, p2 = '(2,1)' where id = 2 returning n::text = '1.000' and p::text = '(2,1)' as same`,
    ],
  },
  {
    name: 'a primary key with an identity, and one that refers to it',
    setup: `create table people (id int generated always as identity primary key, name text);
      create table pets (id serial primary key, owner int references people);
      insert into people (name) select 'p' from generate_series(1, 500); insert into pets (owner) select id from people`,
    migration: 'alter table people rename column id to person_id',
    between: [
      `insert into people (name) values ('new') returning person_id = id as same`,
      `insert into people (name) values ('upsert') on conflict (person_id) do nothing returning person_id = id as same`,
    ],
  },
  {
    name: 'triggers of the user see the row first, and what they make of it is kept in step',
    setup: `create table t (id int primary key, email text);
      create function tidy() returns trigger language plpgsql as $$ begin new.email := lower(new.email); return new; end $$;
      create trigger zz_tidy before insert or update on t for each row execute function tidy();
      insert into t select n, 'U' || n from generate_series(1, 100) n`,
    migration: 'alter table t rename column email to mail',
    between: [`insert into t (id, email) values (0, 'ABC') returning mail = 'abc' as same`],
  },
]

forEachVersion('expand and contract', (version) => {
  test.each(cases)('$name', async ({ setup, migration, between = [] }) => {
    await using database = await freshDatabase(version, { setup })
    await using wanted = await freshDatabase(version, { setup: setup })
    const client = await database.client()
    const before = await schemaOf(client)
    await run(await optionsFor(database, migration))
    for (const sql of between) expect([sql, (await client.query(sql)).rows]).toEqual([sql, [{ same: true }]])
    await abort(await optionsFor(database, migration))
    expect(diffSchemas(before, await schemaOf(client))).toEqual([])
    const options = await optionsFor(database, migration)
    expect((await run(options)).migrations).toMatchObject([{ state: 'expanded' }])
    const named = `select count(*)::int as n from pg_proc where pronamespace = 'public'::regnamespace and proname = 'tidy'`
    const tidied =
      (await client.query(named)).rows[0]?.n === 1 ? [{ gate: 'nothing-depends', reason: 'tidy is mended with the deploy' }] : []
    const overrides = [...contract.overrides, ...tidied]
    expect((await complete({ ...options, contract: { ...contract, overrides } })).migrations).toMatchObject([{ state: 'complete' }])
    const asWritten = await wanted.client()
    await asWritten.query(migration)
    expect(diffSchemas(await schemaOf(asWritten), await schemaOf(client))).toEqual([])
  })
})
