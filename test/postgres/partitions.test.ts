import { beforeAll, expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { catalogAfter, planOne } from '../support/planned.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const parted = `CREATE TABLE m (id int NOT NULL, k int NOT NULL, z text) PARTITION BY RANGE (id);
  CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (1000);
  CREATE TABLE n (id int NOT NULL, k int NOT NULL, z text);`

beforeAll(() => postgres.load())

test.each([
  [
    'a PRIMARY KEY on 18',
    18,
    parted,
    'ALTER TABLE m ADD PRIMARY KEY (id, k);',
    'from 18 on a partition whose index becomes its PRIMARY KEY keeps its NOT NULL for itself',
  ],
  [
    'a key that a partition has already',
    17,
    `${parted} ALTER TABLE m1 ADD UNIQUE (id, z);`,
    'ALTER TABLE m ADD CONSTRAINT u UNIQUE (id, z);',
    'partition public.m1 has an index m1_id_z_key already',
  ],
  [
    'a foreign key that a partition has already',
    17,
    `CREATE TABLE p (id int PRIMARY KEY); ${parted} CREATE TABLE m2 PARTITION OF m FOR VALUES FROM (1000) TO (2000); ALTER TABLE m1 ADD CONSTRAINT own FOREIGN KEY (k) REFERENCES p;`,
    'ALTER TABLE m ADD FOREIGN KEY (k) REFERENCES p;',
    'partition public.m1 has a constraint own of its own',
  ],
  [
    'a hash partition',
    18,
    'CREATE TABLE m (id int) PARTITION BY HASH (id); CREATE TABLE n (id int);',
    'ALTER TABLE m ATTACH PARTITION n FOR VALUES WITH (MODULUS 2, REMAINDER 0);',
    'no CHECK can prove the bound of a hash partition',
  ],
  ['a default partition', 18, parted, 'ALTER TABLE m ATTACH PARTITION n DEFAULT;', 'no CHECK is written for a default partition'],
  [
    'a partition that lacks an index',
    18,
    `${parted} CREATE INDEX ON m (z);`,
    'ALTER TABLE m ATTACH PARTITION n FOR VALUES FROM (1000) TO (2000);',
    'public.n lacks an index that public.m has',
  ],
  [
    'a partition that lacks a foreign key',
    18,
    `CREATE TABLE p (id int PRIMARY KEY); ${parted} ALTER TABLE m ADD FOREIGN KEY (k) REFERENCES p;`,
    'ALTER TABLE m ATTACH PARTITION n FOR VALUES FROM (1000) TO (2000);',
    'public.n lacks a foreign key that public.m has',
  ],
  [
    'a computed bound',
    18,
    parted,
    'ALTER TABLE m ATTACH PARTITION n FOR VALUES FROM (500 + 500) TO (2000);',
    'the bound can be put into a CHECK only where',
  ],
  [
    'a new partition beside a default one that cannot be proven',
    18,
    'CREATE TABLE m (a int, b int) PARTITION BY RANGE (a, b); CREATE TABLE rest PARTITION OF m DEFAULT;',
    'CREATE TABLE n PARTITION OF m FOR VALUES FROM (1, 1) TO (2, 2);',
    'the default partition is read',
  ],
])('%s is not done in steps, and the reason is told', (...row) => {
  const [, version, setup, sql, reason] = row
  const { blocked } = planOne(catalogAfter(setup, version), sql)
  expect(blocked.map(({ message }) => message)).toEqual([expect.stringContaining(reason)])
})

test.each([
  [13, 'CREATE TABLE m (id int) PARTITION BY LIST (id); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1);'],
  [
    18,
    'CREATE TABLE m (id int) PARTITION BY LIST (id); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1); CREATE TABLE d PARTITION OF m DEFAULT;',
  ],
])('DETACH PARTITION that cannot be CONCURRENTLY runs as written, with its warning: %i', (version, setup) => {
  const { blocked, steps } = planOne(catalogAfter(setup, version), 'ALTER TABLE m DETACH PARTITION m1;')
  expect(blocked).toEqual([])
  expect(steps.map((step) => (step.kind === 'sql' ? step.sql : []))).toEqual([['ALTER TABLE m DETACH PARTITION m1']])
  expect(steps[0]?.hazards.map(({ rule }) => rule)).toEqual(['blocking-detach'])
})

forEachVersion('partitions and rows', (version) => {
  test.each([
    [
      'outside the bound',
      'ALTER TABLE m ATTACH PARTITION n FOR VALUES FROM (1000) TO (2000);',
      'public.n has rows that violate CHECK (id IS NOT NULL AND',
    ],
    ['twice in a key', 'ALTER TABLE m ADD UNIQUE (id, z);', 'public.m has duplicate values in (id, z)'],
    ['without a parent', 'ALTER TABLE m ADD FOREIGN KEY (k) REFERENCES p;', 'public.m has rows whose (k) is not in public.p'],
  ])('rows %s are found before anything runs', async (_, sql, failure) => {
    const rows = `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO m SELECT 5, i, 'same' FROM generate_series(1, 10) i; INSERT INTO n VALUES (3000, 1, 'far');`
    await using database = await freshDatabase(version, { setup: parted + rows })
    await using session = await connect({ url: database.url, applicationName: 'plan' })
    const { checks, blocked } = planOne(await session.readCatalog(), sql)
    const client = await database.client()
    const found = []
    for (const check of checks) if ((await client.query(check.sql)).rows.length > 0) found.push(check.failure)
    expect(blocked).toEqual([])
    expect(found).toEqual([expect.stringContaining(failure)])
    await expect(client.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^23/) })
  })
})
