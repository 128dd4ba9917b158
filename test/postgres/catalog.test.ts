import { expect, test } from 'vitest'
import type { Catalog } from '../../src/model/catalog.ts'
import { readCatalog, type CatalogOptions } from '../../src/postgres/catalog.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const setup = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN positive AS int CHECK (value > 0);
  CREATE DOMAIN small AS positive;
  CREATE DOMAIN free AS text;
  CREATE TABLE parents (id int PRIMARY KEY, "Key" text UNIQUE);
  CREATE TABLE a (
    id serial PRIMARY KEY, n numeric(10,2) NOT NULL DEFAULT 0, m mood[] DEFAULT '{}', t text COLLATE "C", g int GENERATED ALWAYS AS (1 + 1) STORED,
    i int GENERATED ALWAYS AS IDENTITY, p int REFERENCES parents ON DELETE CASCADE, CONSTRAINT c CHECK (n > 0 AND (t <> ')')));
  ALTER TABLE a ADD CONSTRAINT later CHECK (p > 1) NOT VALID;
  CREATE INDEX i ON a (lower(t), n DESC) INCLUDE (p) WHERE g > 0;
  CREATE TABLE log (id int) PARTITION BY RANGE (id);
  CREATE TABLE log1 PARTITION OF log FOR VALUES FROM (0) TO (10);
  CREATE VIEW v AS SELECT id FROM a;
  CREATE MATERIALIZED VIEW w AS SELECT id FROM v;
  CREATE FUNCTION f(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
  CREATE FUNCTION f(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
  CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  CREATE TRIGGER tr BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION tf();
  CREATE PUBLICATION one FOR TABLE log WITH (publish = 'insert');
  ALTER TABLE parents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, REPLICA IDENTITY USING INDEX parents_pkey;
  CREATE POLICY p ON parents USING ("Key" = current_user AND id > 0) WITH CHECK (id > 0);
  ALTER TABLE log1 REPLICA IDENTITY FULL;
  CREATE PUBLICATION every FOR ALL TABLES;
  CREATE SCHEMA other CREATE TABLE b (id int);
  CREATE SCHEMA lockkeeper CREATE TABLE journal (id int);
  INSERT INTO a (n, t, p) SELECT 1, 'x', NULL FROM generate_series(1, 1000);
  ANALYZE a;`

async function read(database: TestDatabase, options?: CatalogOptions, before?: string): Promise<Catalog> {
  const client = await database.client()
  if (before !== undefined) await client.query(before)
  return readCatalog(async (sql, values = []) => (await client.query<{ [column: string]: unknown }>(sql, [...values])).rows, options)
}

forEachVersion('readCatalog', (version) => {
  test('reads columns, constraints and indexes of a table', async () => {
    await using database = await freshDatabase(version, { setup })
    const catalog = await read(database)
    const a = catalog.relations.get('public.a')
    expect(a).toMatchObject({
      schema: 'public',
      name: 'a',
      kind: 'table',
      rows: 1000,
      owner: 'postgres',
      isNew: false,
      dependentViews: ['public.v'],
      publications: ['every'],
    })
    expect(a?.oid).toBeGreaterThan(16_000)
    expect(a?.pages).toBeGreaterThan(0)
    expect(a?.bytes).toBeGreaterThan((a?.pages ?? 0) * 8192)
    expect(a?.columns).toEqual([
      { name: 'id', type: 'integer', nullable: false, default: `nextval('a_id_seq'::regclass)`, position: 1 },
      { name: 'n', type: 'numeric(10,2)', nullable: false, default: '0', position: 2 },
      { name: 'm', type: 'public.mood[]', nullable: true, default: `'{}'::mood[]`, position: 3 },
      { name: 't', type: 'text', nullable: true, position: 4, collation: '"C"' },
      { name: 'g', type: 'integer', nullable: true, default: '(1 + 1)', generated: 'stored', position: 5 },
      { name: 'i', type: 'integer', nullable: false, identity: 'always', position: 6 },
      { name: 'p', type: 'integer', nullable: true, position: 7 },
    ])
    expect(a?.constraints.filter(({ kind }) => kind !== 'not-null')).toEqual(
      [
        { kind: 'primary-key', name: 'a_pkey', valid: true, columns: ['id'], definition: 'PRIMARY KEY (id)' },
        {
          kind: 'foreign-key',
          name: 'a_p_fkey',
          valid: true,
          columns: ['p'],
          references: 'public.parents',
          referencedColumns: ['id'],
          definition: 'FOREIGN KEY (p) REFERENCES public.parents(id) ON DELETE CASCADE',
        },
        {
          kind: 'check',
          name: 'c',
          valid: true,
          columns: ['n', 't'],
          expression: `((n > (0)::numeric) AND (t <> ')'::text))`,
          definition: `CHECK (((n > (0)::numeric) AND (t <> ')'::text)))`,
        },
        { kind: 'check', name: 'later', valid: false, columns: ['p'], expression: '(p > 1)', definition: 'CHECK ((p > 1)) NOT VALID' },
      ].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    )
    const notNull = version >= 18 ? ['a_i_not_null', 'a_id_not_null', 'a_n_not_null'] : []
    expect(a?.constraints.filter(({ kind }) => kind === 'not-null').map(({ name }) => name)).toEqual(notNull)
    expect(a?.indexes.find(({ name }) => name === 'i')).toMatchObject({
      unique: false,
      valid: true,
      method: 'btree',
      columns: [undefined, 'n'],
      mentions: ['n', 'p', 't', 'g'],
      partial: true,
    })
    expect(a?.indexes.find(({ name }) => name === 'a_pkey')).toMatchObject({ unique: true, columns: ['id'], constraint: 'a_pkey' })
  })

  test('reads partitions, triggers, publications, views, sequences, types and functions', async () => {
    await using database = await freshDatabase(version, { setup })
    const catalog = await read(database)
    expect(catalog.relations.get('public.log')).toMatchObject({
      kind: 'partitioned',
      children: ['public.log1'],
      triggers: ['tr'],
      publications: ['every', 'one'],
    })
    expect(catalog.relations.get('public.log1')).toMatchObject({
      kind: 'table',
      partitionOf: 'public.log',
      partitionBound: 'FOR VALUES FROM (0) TO (10)',
      triggers: ['tr'],
      publications: ['every', 'one'],
    })
    expect(catalog.relations.get('public.v')).toMatchObject({ kind: 'view', dependentViews: ['public.w'], publications: [] })
    expect(catalog.relations.get('public.w')?.kind).toBe('materialized-view')
    expect(catalog.relations.get('public.a_i_seq')?.ownedBy).toEqual({ relation: 'public.a', column: 'i' })
    expect(Object.fromEntries(catalog.types)).toEqual({
      'public.mood': { kind: 'enum', labels: ['sad', 'ok'] },
      'public.positive': { kind: 'domain', base: 'integer', constrained: true },
      'public.small': { kind: 'domain', base: 'public.positive', constrained: true },
      'public.free': { kind: 'domain', base: 'text', constrained: false },
    })
    expect(
      catalog.functions
        .get('public.f')
        ?.map((one) => [one.volatility, one.language])
        .toSorted(),
    ).toEqual([
      ['stable', 'sql'],
      ['volatile', 'plpgsql'],
    ])
    expect(catalog).toMatchObject({ server: { flavor: 'postgresql', version }, knowledge: 'whole', searchPath: ['public'] })
    expect(catalog.publications).toContainEqual({ name: 'every', allTables: true, schemas: [] })
  })

  test('reads row security, replica identities and what a publication passes on', async () => {
    await using database = await freshDatabase(version, { setup })
    const { relations, publications } = await read(database)
    const parents = relations.get('public.parents')
    expect(parents).toMatchObject({
      rowSecurity: { enabled: true, forced: true },
      policies: [{ name: 'p', mentions: ['id', 'Key'] }],
      replicaIdentity: 'index',
    })
    expect(parents?.indexes.filter(({ identifiesRows }) => identifiesRows).map(({ name }) => name)).toEqual(['parents_pkey'])
    expect(relations.get('public.log1')).toMatchObject({ replicaIdentity: 'full' })
    const plain = relations.get('public.a')
    expect([plain?.rowSecurity, plain?.policies, plain?.replicaIdentity]).toEqual([undefined, undefined, undefined])
    expect(publications).toContainEqual({ name: 'one', allTables: false, schemas: [], insertsOnly: true })
  })

  test('leaves out the schemas of the server and ours, and on demand all but those named', async () => {
    await using database = await freshDatabase(version, { setup })
    const schemas = (catalog: Catalog) => [...new Set([...catalog.relations.values()].map(({ schema }) => schema))].toSorted()
    expect(schemas(await read(database))).toEqual(['other', 'public'])
    expect(schemas(await read(database, { schemas: ['other'] }))).toEqual(['other'])
  })

  test('needs no rights on the tables, and takes the session as it is', async () => {
    await using database = await freshDatabase(version, { setup })
    const catalog = await read(
      database,
      {},
      `CREATE ROLE nobody_${version}; GRANT USAGE ON SCHEMA other TO nobody_${version}; SET ROLE nobody_${version}; SET search_path TO other, public; SET TIME ZONE 'Europe/Berlin'; CREATE TEMP TABLE mine (id int)`,
    )
    expect(catalog.relations.get('public.a')?.columns).toHaveLength(7)
    expect(catalog.relations.get('pg_temp.mine')?.columns).toHaveLength(1)
    expect(catalog).toMatchObject({ searchPath: ['other', 'public'], timeZone: 'Europe/Berlin' })
  })

  test('does not wait behind whoever holds a table', async () => {
    await using database = await freshDatabase(version, { setup })
    const holder = await database.client()
    await holder.query('BEGIN; LOCK TABLE a, log, v')
    const catalog = await read(database, {}, `SET lock_timeout = '1ms'`)
    expect(catalog.relations.get('public.a')?.rows).toBe(1000)
    expect(catalog.relations.get('public.a')?.bytes).toBeGreaterThan(0)
    expect(catalog.relations.get('public.a')?.columns).toHaveLength(7)
    expect(catalog.relations.get('public.parents')?.indexes.map(({ definition }) => definition)).not.toContain('')
  })

  test('waits a moment for a short exclusive lock', async () => {
    await using database = await freshDatabase(version, { setup })
    const holder = await database.client()
    await holder.query('BEGIN; LOCK TABLE a')
    const reading = read(database)
    const ended = holder.query('SELECT pg_sleep(0.3); COMMIT')
    const [catalog] = await Promise.all([reading, ended])
    expect(catalog.relations.get('public.a')?.indexes.map(({ definition }) => definition)).not.toContain('')
  })

  test('calls a column nullable while its NOT NULL is not validated (18)', { skip: version < 18 }, async () => {
    await using database = await freshDatabase(version, {
      setup: 'CREATE TABLE x (a int, b int NOT NULL); ALTER TABLE x ADD CONSTRAINT nn NOT NULL a NOT VALID',
    })
    const x = (await read(database)).relations.get('public.x')
    expect(x?.columns.map(({ nullable }) => nullable)).toEqual([true, false])
    expect(x?.constraints.find(({ name }) => name === 'nn')).toEqual({
      kind: 'not-null',
      name: 'nn',
      valid: false,
      columns: ['a'],
      definition: 'NOT NULL a NOT VALID',
    })
  })
})
