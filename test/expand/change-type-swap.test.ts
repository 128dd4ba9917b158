import { expect, test } from 'vitest'
import { abort } from '../../src/run/abort.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { runOptions } from '../support/run.ts'
import { diffBesidesOrder, planChange, runUpTo, schemaOf } from '../support/type-change.ts'

const plain = `create table t (id int primary key, a int, b int); insert into t select n, n, n from generate_series(1, 100) n`

forEachVersion('the swap of a change of type', (version) => {
  test.each([
    ['a new index', 'create index late on t (a)', /new: late/],
    ['a new check', 'alter table t add constraint late check (a > 0)', /new: late/],
    ['a new foreign key to it', 'create unique index u on t (a); create table f (a int constraint late references t (a))', /new: /],
    ['a new comment', `comment on column t.a is 'late'`, /new: comment late/],
    ['a new right', 'grant select (a) on t to public', /new: grant SELECT TO PUBLIC/],
    ['statistics', 'create statistics late on a, b from t', /new: late/],
    ['a new view', 'create view late as select a from t', /new: .*late/],
    ['a new generated column', 'alter table t add late int generated always as (a + 1) stored', /new: .*late/],
    [
      'a row that was written past the trigger',
      'alter table t disable trigger user; update t set a = -1 where id = 7; alter table t enable trigger user',
      /another value/,
    ],
  ])('%s since the plan stops it, nothing is lost, and abort goes back', async (_, sql, message) => {
    await using database = await freshDatabase(version, { setup: plain })
    const options = runOptions(database.url, await planChange(database.url, 'alter table t alter a type bigint'))
    await runUpTo(options, '-analyze')
    const client = await database.client()
    await client.query(sql)
    await expect(run(options)).rejects.toThrow(message)
    const after = await schemaOf(database.url)
    expect(after['column public.t.a']).toMatch(/^integer/)
    await abort(options)
    await using wanted = await freshDatabase(version, { setup: `${plain}; ${sql}` })
    expect(diffBesidesOrder(await schemaOf(wanted.url), await schemaOf(database.url))).toEqual([])
  })

  test('abort behind it says that there is no way back', async () => {
    await using database = await freshDatabase(version, { setup: plain })
    const change = 'alter table t alter a type bigint; create index behind on t (b)'
    const options = runOptions(database.url, await planChange(database.url, change))
    await runUpTo(options, '-build-index-behind')
    await expect(abort(options)).rejects.toMatchObject({ code: 'past-no-return' })
    await run(options)
  })

  test('stops without a word from the user, and runs the statement as written for whoever allows the table rewrite', async () => {
    await using database = await freshDatabase(version, { setup: plain })
    const change = 'alter table t alter a type bigint'
    const asked = await planChange(database.url, change, [])
    expect(asked.migrations.flatMap(({ blocked }) => blocked.map(({ rule }) => rule))).toEqual(['result-type'])
    const written = await planChange(database.url, change, ['result-type', 'blocking-table-rewrite'])
    expect(written.migrations).toMatchObject([{ blocked: [], steps: [{ kind: 'sql', sql: [change] }] }])
  })

  test('a key that is dropped and added again around the change is never gone', async () => {
    await using database = await freshDatabase(version, { setup: plain })
    const change = 'alter table t drop constraint t_pkey, alter id set data type bigint, add constraint t_pkey primary key (id)'
    const plan = await planChange(database.url, change)
    const texts = plan.migrations.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'sql' ? step.sql : [])))
    expect(texts.filter((sql) => sql.includes('DROP CONSTRAINT t_pkey') || sql.includes('drop constraint'))).toEqual([])
    const other = await planChange(database.url, change.replace('(id)', '(id, b)'))
    expect(JSON.stringify(other.migrations).toLowerCase()).toContain('drop constraint t_pkey')
  })

  test.each([
    ['create materialized view m as select a from t', 'alter table t alter a type bigint', /stand on \(.*m\)/],
    ['create view v as select a from t', 'alter table t alter a type bigint', /stand on \(view public.v\)/],
    ['create policy p on t using (a > 0)', 'alter table t alter a type bigint', /policy p on/],
    ['alter table t add g int generated always as (a + 1) stored', 'alter table t alter a type bigint', /column g of/],
    [
      'create function f() returns trigger language plpgsql as $$ begin return new; end $$; create trigger w before update of a on t for each row execute function f()',
      'alter table t alter a type bigint',
      /trigger w on/,
    ],
    ['alter table t add constraint late unique (a) deferrable', 'alter table t alter a type bigint', /late is deferrable/],
    ['alter table t add exclude using btree (a with =)', 'alter table t alter a type bigint', /cannot be built while rows are written/],
    ['create table c () inherits (t)', 'alter table t alter a type bigint', /inherit/],
    ['alter table t add at timestamp', `alter table t alter at type text`, /settings of the session/],
    [
      'alter table t add at timestamp',
      `set timezone = 'Europe/Berlin'; alter table t alter at type timestamptz using at::timestamptz`,
      /settings of the session/,
    ],
    ['create unique index u on t (a); create table c (a int references t (a))', 'alter table t alter a type text', /no operator/],
    [
      'create table r (id int, a int) partition by list (id); create table r1 partition of r for values in (1)',
      'alter table r alter a type bigint',
      /is partitioned/,
    ],
  ])('%s: is refused with the reason', async (sql, change, reason) => {
    await using database = await freshDatabase(version, { setup: `${plain}; ${sql}` })
    const plan = await planChange(database.url, change)
    expect(plan.migrations[0]?.blocked.map(({ message }) => message).join()).toMatch(reason)
  })
})
