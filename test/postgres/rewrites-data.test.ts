import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { formatSql } from '../../src/plan/format-sql.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { planAll, planOne, sqlMigration } from '../support/planned.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'
import { takeSteps } from '../support/take-steps.ts'

const setup = `CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b text, parent_id int);
INSERT INTO parents SELECT generate_series(1, 10);
INSERT INTO t SELECT i, i % 50, CASE WHEN i % 20 = 0 THEN NULL ELSE 'x' END, 1 + i % 11 FROM generate_series(1, 2000) i;`

beforeAll(() => postgres.load())

async function catalogOf({ url }: TestDatabase) {
  await using session = await connect({ url, applicationName: 'plan' })
  return await session.readCatalog()
}

async function failing(client: pg.Client, sqls: readonly string[]): Promise<readonly number[]> {
  const counts: number[] = []
  for (const sql of sqls) counts.push((await client.query(sql)).rows.length)
  return counts
}

forEachVersion('rewrites and rows', (version) => {
  test.each([
    ['duplicates under a unique index', 'CREATE UNIQUE INDEX ON t (a);', 'public.t has duplicate values in (a)'],
    [
      'duplicates under an expression',
      'CREATE UNIQUE INDEX ON t (lower(b), (a % 2)) WHERE b IS NOT NULL;',
      'public.t has duplicate values in (lower(b), a % 2)',
    ],
    ['duplicates under UNIQUE', 'ALTER TABLE t ADD UNIQUE (b);', 'public.t has duplicate values in (b)'],
    [
      'NULLs that nothing fills',
      'ALTER TABLE t ALTER COLUMN b SET NOT NULL;',
      'public.t has rows that are NULL in b, and nothing in the migration fills them',
    ],
    [
      'NULLs under a primary key',
      'ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (b);',
      'public.t has rows that are NULL in b, and nothing in the migration fills them',
    ],
    [
      'orphans under a foreign key',
      'ALTER TABLE t ADD FOREIGN KEY (parent_id) REFERENCES parents;',
      'public.t has rows whose (parent_id) is not in public.parents',
    ],
    ['rows that violate a CHECK', 'ALTER TABLE t ADD CHECK (a < 40);', 'public.t has rows that violate CHECK (a < 40)'],
  ])('%s are found before anything runs', async (_, sql, failure) => {
    await using database = await freshDatabase(version, { setup })
    const { checks } = planOne(await catalogOf(database), sql)
    const client = await database.client()
    const found = await failing(
      client,
      checks.map((check) => check.sql),
    )
    expect(checks.filter((_check, at) => (found[at] ?? 0) > 0).map((check) => check.failure)).toContain(failure)
    await expect(client.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^23/) })
  })

  test.runIf(version >= 15)('NULLs that count as equal are found before anything runs', async () => {
    await using database = await freshDatabase(version, { setup })
    const { checks } = planOne(await catalogOf(database), 'CREATE UNIQUE INDEX ON t (b) NULLS NOT DISTINCT WHERE b IS NULL;')
    const found = await failing(
      await database.client(),
      checks.map(({ sql }) => sql),
    )
    expect(checks.map(({ failure }, at) => [failure, found[at]])).toEqual([['public.t has duplicate values in (b)', 1]])
  })

  test("old rows get the default that the migration gives their column, before NULL is refused (Prisma's String? to String @default)", async () => {
    await using database = await freshDatabase(version, { setup })
    const planned = planOne(
      await catalogOf(database),
      `ALTER TABLE "t" ALTER COLUMN "b" SET NOT NULL,\nALTER COLUMN "b" SET DEFAULT 'new';`,
    )
    const client = await database.client()
    await takeSteps(client, planned)
    expect((await client.query(`SELECT b, count(*)::int AS n FROM t GROUP BY b ORDER BY b`)).rows).toEqual([
      { b: 'new', n: 100 },
      { b: 'x', n: 1_900 },
    ])
    const { rows } = await client.query(
      `SELECT attnotnull, (SELECT count(*)::int FROM pg_constraint WHERE contype = 'c' AND conrelid = 't'::regclass) AS checks FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'b'`,
    )
    expect(rows).toEqual([{ attnotnull: true, checks: 0 }])
  })

  test('an UPDATE of the NULLs before SET NOT NULL is taken once more behind the constraint', async () => {
    await using database = await freshDatabase(version, { setup })
    const planned = planOne(await catalogOf(database), `UPDATE t SET b = 'old' WHERE b IS NULL; ALTER TABLE t ALTER COLUMN b SET NOT NULL;`)
    const client = await database.client()
    const [fill, refuse, ...rest] = planned.steps
    expect([fill?.kind, refuse?.kind, rest[0]?.kind]).toEqual(['backfill', 'sql', 'backfill'])
    await takeSteps(client, { ...planned, steps: planned.steps.slice(0, 1) })
    await client.query(`INSERT INTO t (id) VALUES (5000)`)
    await takeSteps(client, { ...planned, steps: planned.steps.slice(1) })
    expect((await client.query('SELECT b FROM t WHERE id = 5000')).rows).toEqual([{ b: 'old' }])
  })

  test.each([
    ['serial', 'serial', 2_002],
    ['identity', 'bigint GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 2)', 10 + 2 * 2_001],
  ])('%s numbers each row once, those that come in meanwhile too, and goes on behind them', async (_, type, last) => {
    await using database = await freshDatabase(version, { setup })
    const planned = planOne(await catalogOf(database), `ALTER TABLE t ADD COLUMN n ${type}; ALTER TABLE t ADD CHECK (a >= 0);`)
    const client = await database.client()
    await client.query(`GRANT INSERT ON t TO pg_monitor`)
    await takeSteps(client, { ...planned, steps: planned.steps.slice(0, 1) })
    await client.query(type === 'serial' ? 'SELECT 1' : 'SET ROLE pg_monitor')
    await client.query(`INSERT INTO t (id) VALUES (5000)`)
    await client.query('RESET ROLE')
    await takeSteps(client, { ...planned, steps: planned.steps.slice(1) })
    await client.query(`INSERT INTO t (id) VALUES (5001)`)
    const { rows } = await client.query(
      'SELECT count(DISTINCT n)::int AS numbers, max(n)::int AS last, (SELECT n::int FROM t WHERE id = 5001) AS next FROM t',
    )
    expect(rows).toEqual([{ numbers: 2_002, last, next: last }])
    expect((await client.query(`SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^_lk_'`)).rows).toEqual([{ n: 0 }])
  })

  test('a materialized view that was never filled is found before it is filled concurrently', async () => {
    const view = 'CREATE MATERIALIZED VIEW v AS SELECT id FROM t WITH NO DATA; CREATE UNIQUE INDEX ON v (id);'
    await using database = await freshDatabase(version, { setup: `${setup}${view}` })
    const planned = planOne(await catalogOf(database), 'REFRESH MATERIALIZED VIEW v;')
    const client = await database.client()
    const sqls = planned.checks.map(({ sql }) => sql)
    expect(planned.checks.map(({ failure }) => failure)).toEqual(['public.v has never been filled'])
    expect(await failing(client, sqls)).toEqual([1])
    await expect(takeSteps(client, planned)).rejects.toMatchObject({ code: '0A000' })
    await client.query('ROLLBACK')
    await client.query('REFRESH MATERIALIZED VIEW v')
    expect(await failing(client, sqls)).toEqual([0])
  })

  test.runIf(version >= 14)('an index goes to another tablespace by being built there anew', async () => {
    await using database = await freshDatabase(version, { setup: `${setup}CREATE INDEX "t a" ON t (a);` })
    const planned = planOne(await catalogOf(database), 'ALTER INDEX "t a" SET TABLESPACE "Fast";')
    expect(planned.blocked).toEqual([])
    const client = await database.client()
    await client.query('SET allow_in_place_tablespaces = on')
    await client.query(`CREATE TABLESPACE "Fast" LOCATION ''`)
    await takeSteps(client, planned)
    const { rows } = await client.query(
      `SELECT spcname, indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_tablespace s ON s.oid = reltablespace WHERE relname = 't a'`,
    )
    await client.query('DROP INDEX "t a"')
    await client.query('DROP TABLESPACE "Fast"')
    expect(rows).toEqual([{ spcname: 'Fast', indisvalid: true }])
  })

  test('an INVALID index of the same name is a leftover, which is dropped before the build', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await expect(client.query('CREATE UNIQUE INDEX CONCURRENTLY u ON t (a)')).rejects.toMatchObject({ code: '23505' })
    await client.query('DELETE FROM t WHERE id > 49')
    const planned = planOne(await catalogOf(database), 'CREATE UNIQUE INDEX IF NOT EXISTS u ON t (a);')
    await takeSteps(client, planned)
    expect((await client.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'u'::regclass`)).rows).toEqual([{ indisvalid: true }])
  })

  test('an index of the same name and another shape is neither done nor a leftover', async () => {
    await using database = await freshDatabase(version, { setup })
    const [step] = planOne(await catalogOf(database), 'CREATE INDEX i ON t (a);').steps
    const client = await database.client()
    await client.query('CREATE INDEX i ON t (a, b)')
    expect((await client.query(step?.kind === 'sql' ? (step.probe?.sql ?? '') : '')).rows).toEqual([{ state: 'different' }])
  })

  test('the script for a DBA, statement by statement, ends where the migration as written ends', async () => {
    const sql = `UPDATE t SET a = a + 1; UPDATE t SET b = 'none' WHERE b IS NULL; ALTER TABLE t ALTER COLUMN b SET NOT NULL;
CREATE INDEX ON t (b); ALTER TABLE t ADD CHECK (a < 100); ALTER TABLE t ADD COLUMN "when" timestamptz NOT NULL DEFAULT now(); DELETE FROM t WHERE a > 30 AND b = 'x';`
    await using asWritten = await freshDatabase(version, { setup })
    await using byHand = await freshDatabase(version, { setup })
    const script = formatSql(planAll(await catalogOf(byHand), [sqlMigration(sql)]), { dialect: postgres.dialect, version })
    const [original, client] = [await asWritten.client(), await byHand.client()]
    await original.query(sql)
    for (const statement of postgres.parse(Buffer.from(script))) await client.query(statement.sql)
    const when = [{ table: 't', column: 'when' }]
    expect(diffSchemas(await schemaOf(original), await schemaOf(client))).toEqual([])
    expect(await rowsOf(client, when)).toEqual(await rowsOf(original, when))
  })

  test('partitions whose names hold quotes and braces get their index', async () => {
    const parted = `CREATE TABLE m (a int, b text) PARTITION BY LIST (a);
CREATE TABLE "it's {leaf}" PARTITION OF m FOR VALUES IN (1); CREATE TABLE "q""x" PARTITION OF m FOR VALUES IN (2);
CREATE TABLE "x$lk$); DROP TABLE m; --" PARTITION OF m FOR VALUES IN (3);`
    await using database = await freshDatabase(version, { setup: parted })
    const planned = planOne(await catalogOf(database), 'CREATE INDEX ON m (b); ALTER TABLE m ADD UNIQUE (a);')
    const client = await database.client()
    await takeSteps(client, planned)
    expect((await client.query(`SELECT bool_and(indisvalid) AS valid, count(*)::int AS n FROM pg_index`)).rows[0]).toMatchObject({
      valid: true,
    })
    expect((await client.query(`SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'm_b_idx'::regclass`)).rows).toEqual([
      { n: 3 },
    ])
  })
})
