import { expect, test } from 'vitest'
import { flat } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'
import { versionedShop } from '../support/versioned-shop.ts'

// What pgroll loses or refuses on the way: research/pgroll.md.
const setup = `CREATE TABLE "userAccounts" (
  id int GENERATED ALWAYS AS IDENTITY (START WITH 10) PRIMARY KEY,
  "fullName" text NOT NULL,
  note text,
  amount numeric(10, 2) NOT NULL DEFAULT 1.5
);
COMMENT ON COLUMN "userAccounts"."fullName" IS 'as they write it';
CREATE INDEX by_lower ON "userAccounts" (lower("fullName")) WHERE length("fullName") > 1;
CREATE UNIQUE INDEX by_name ON "userAccounts" ("fullName" DESC, id) INCLUDE (amount);
CREATE STATISTICS names_and_notes ON "fullName", note FROM "userAccounts";
ALTER TABLE "userAccounts" REPLICA IDENTITY FULL;
CREATE VIEW notes AS SELECT id AS account, note FROM "userAccounts";
INSERT INTO "userAccounts" ("fullName", note) VALUES ('Ada', 'first'), ('Bo', NULL)`

const first = 'operations: [{create_table: {name: other, columns: [{name: id, type: int, pk: true}]}}]'
const change = `operations:
  - alter_column: {table: userAccounts, column: fullName, type: varchar(80), up: '"fullName"', down: '"fullName"', nullable: true}
  - set_replica_identity: {table: userAccounts, identity: {type: nothing}}
`
const described = `SELECT pg_get_indexdef(i.indexrelid) AS what FROM pg_index i WHERE i.indrelid = '"userAccounts"'::regclass
  UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext UNION ALL SELECT relreplident::text FROM pg_class WHERE relname = 'userAccounts'
  UNION ALL SELECT a.attname || ': ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || a.attidentity::text || coalesce(col_description(a.attrelid, a.attnum), '')
    FROM pg_attribute a WHERE a.attrelid = '"userAccounts"'::regclass AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY 1`

forEachVersion('tables that are hard on a new version', (version) => {
  test('names in both cases, expression and INCLUDE indexes, statistics, comment and replica identity come through', async () => {
    await using shop = await versionedShop(version, { first, setup })
    const before = await shop.query(described)
    await shop.project.write({ 'migrations/2.yaml': change })
    await shop.done('apply', '--yes')
    await shop.done('abort')
    expect(await shop.query(described)).toEqual(before)
    await shop.done('apply', '--yes')
    const [old, fresh] = [await shop.as('public_1'), await shop.as('public_2')]
    await old(`INSERT INTO "userAccounts" ("fullName") VALUES ('Cy')`)
    await fresh(`INSERT INTO "userAccounts" ("fullName") VALUES ('Di')`)
    expect(await old('SELECT id, "fullName" FROM "userAccounts" ORDER BY id')).toEqual(
      await fresh('SELECT id, "fullName" FROM "userAccounts" ORDER BY id'),
    )
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    const after = (await shop.query(described)).map(({ what }) => what)
    expect(after).toEqual(
      before
        .map(({ what }) => String(what))
        .map((what) => (what === 'f' ? 'n' : what.replace('fullName: text true', 'fullName: character varying(80) false')))
        // In the order of the columns.
        .map((what) => what.replace('ON "fullName", note', 'ON note, "fullName"'))
        .map((what) => (what.includes('by_lower') ? what.replaceAll('"fullName"', '("fullName")::text') : what))
        .toSorted(),
    )
  })

  test('a key that the server alone may write gets another type', async () => {
    await using shop = await versionedShop(version, { first, setup })
    await shop.query('DROP VIEW notes')
    await shop.project.write({
      'migrations/2.yaml': 'operations: [{alter_column: {table: userAccounts, column: id, type: bigint, up: id, down: id}}]',
    })
    await shop.done('apply', '--yes')
    const [old, fresh] = [await shop.as('public_1'), await shop.as('public_2')]
    expect(await old(`INSERT INTO "userAccounts" ("fullName") VALUES ('Cy') RETURNING id`)).toEqual([{ id: 12 }])
    expect(await fresh(`INSERT INTO "userAccounts" ("fullName") VALUES ('Di') RETURNING id`)).toEqual([{ id: '13' }])
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await fresh(`INSERT INTO "userAccounts" ("fullName") VALUES ('Ed') RETURNING id`)).toEqual([{ id: '14' }])
    expect(await shop.query('SELECT id, "fullName" AS name FROM "userAccounts" ORDER BY id')).toEqual(
      ['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map((name, at) => ({ id: String(10 + at), name })),
    )
  })

  test('an index over two columns, each with a meaning of its own to the next versions, makes the second wait', async () => {
    await using shop = await versionedShop(version, { first, setup })
    await shop.query('CREATE INDEX pair ON "userAccounts" (note, amount)')
    await shop.query('DROP VIEW notes')
    await shop.project.write({
      'migrations/2.yaml': `operations: [{alter_column: {table: userAccounts, column: note, type: varchar(90), up: note, down: note}}]`,
      'migrations/3.yaml': `operations: [{alter_column: {table: userAccounts, column: amount, type: int, up: amount, down: amount}}]`,
    })
    const outcome = await shop.run('apply', '--yes')
    expect(flat(outcome.stderr)).toContain(
      '3 stays behind 2, which keeps the columns note and _lk_new_note of public."userAccounts" double',
    )
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    await shop.done('apply', '--yes')
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await shop.query(`SELECT pg_get_indexdef('pair'::regclass) AS made`)).toEqual([
      { made: 'CREATE INDEX pair ON public."userAccounts" USING btree (note, amount)' },
    ])
  })

  test('a schema of the user by the name of a version that was never applied is left alone', async () => {
    await using shop = await versionedShop(version, { first, setup })
    await shop.query('CREATE SCHEMA public_archive; CREATE VIEW public_archive.names AS SELECT "fullName" FROM "userAccounts"')
    await shop.project.write({
      'migrations/2.json': JSON.stringify({
        operations: [{ create_index: { name: 'by_note', table: 'userAccounts', columns: [{ column: 'note' }] } }],
      }),
      'migrations/9.json': JSON.stringify({ version_schema: 'archive', operations: [{ sql: { up: 'SELECT 1' } }] }),
    })
    await shop.done('apply', '--yes', '--to', '2')
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await shop.schemas()).toEqual(['public', 'public_2', 'public_archive'])
    expect(await shop.query('SELECT count(*)::int AS n FROM public_archive.names')).toEqual([{ n: 2 }])
  })

  test('names that would end a quotation stay names', async () => {
    const odd = 'a"; $lk$; DROP TABLE "userAccounts"; --'
    await using shop = await versionedShop(version, { first, setup })
    await shop.project.write({
      'migrations/2.json': JSON.stringify({
        version_schema: '2 $lk$ "',
        operations: [{ create_table: { name: odd, columns: [{ name: "it's $lk$", type: 'int', pk: true }] } }],
      }),
    })
    await shop.done('apply', '--yes')
    expect(
      await shop.query(
        `SELECT relname AS name FROM pg_class WHERE relkind = 'v' AND relnamespace::regnamespace::text LIKE '%2 $lk$%' ORDER BY 1`,
      ),
    ).toEqual([{ name: odd }, { name: 'other' }, { name: 'userAccounts' }])
    const change = { alter_column: { table: odd, column: "it's $lk$", type: 'bigint', up: '"it\'s $lk$"', down: '"it\'s $lk$"' } }
    await shop.project.write({ 'migrations/3.json': JSON.stringify({ operations: [change] }) })
    await shop.done('apply', '--yes')
    await shop.done('complete', '--override', 'unused', '--reason', 'a test')
    expect(await shop.schemas()).toEqual(['public', 'public_3'])
  })

  test('a view of the user on the column is refused before anything is changed', async () => {
    await using shop = await versionedShop(version, { first, setup })
    await shop.project.write({
      'migrations/2.yaml': `operations: [{alter_column: {table: userAccounts, column: note, type: varchar(90), up: note, down: note}}]`,
    })
    const outcome = await shop.run('apply', '--yes')
    expect(outcome.status).toBe(1)
    expect(flat(outcome.stderr)).toContain('others stand on (view public.notes)')
    expect(await shop.schemas()).toEqual(['public', 'public_1'])
  })
})
