import { expect, it } from 'vitest'
import { citusOf } from '../../src/postgres/citus.ts'
import { connect } from '../../src/postgres/session.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

/** As Citus' documentation prints pg_dist_partition (github_events), and what its source calls the other kinds. */
const rows = [
  { schema: 'public', name: 'github_events', partmethod: 'h', repmodel: 's', colocationid: 2 },
  { schema: 'public', name: 'countries', partmethod: 'n', repmodel: 't', colocationid: 3 },
  { schema: 'Tenant', name: 'orders', partmethod: 'n', repmodel: 's', colocationid: 4 },
  { schema: 'public', name: 'settings', partmethod: 'n', repmodel: 's', colocationid: 0 },
]

it('what Citus writes into its catalog is read as its documentation means it', () => {
  expect(citusOf('12.1-1', [{ groupid: 0 }], rows)).toEqual({
    version: '12.1-1',
    coordinator: true,
    tables: [
      { relation: 'public.github_events', kind: 'distributed' },
      { relation: 'public.countries', kind: 'reference' },
      { relation: '"Tenant".orders', kind: 'distributed' },
      { relation: 'public.settings', kind: 'local' },
    ],
  })
  expect(citusOf('11.3-1', [{ groupid: 7 }], []).coordinator).toBe(false)
  expect(citusOf('6.2', [], []).coordinator).toBe(true)
})

forEachVersion('Citus', (version) => {
  it('a server without it has none', async () => {
    await using database = await freshDatabase(version)
    await using session = await connect({ url: database.url, applicationName: 'test' })
    expect(await session.citus()).toBe(undefined)
  })

  it('the queries fit tables of the names and columns that its documentation gives (Citus itself cannot be installed here)', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    await client.query(`
      set allow_system_table_mods = on;
      create table orders (id int);
      create table pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod "char", partkey text, colocationid int, repmodel "char");
      create table pg_catalog.pg_dist_local_group (groupid int);
      insert into pg_dist_partition values ('orders', 'h', '{VAR}', 2, 's');
      insert into pg_dist_local_group values (0);
      insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        values (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '12.1-1')`)
    await using session = await connect({ url: database.url, applicationName: 'test' })
    expect(await session.citus()).toEqual({
      version: '12.1-1',
      coordinator: true,
      tables: [{ relation: 'public.orders', kind: 'distributed' }],
    })
    await client.query('drop table pg_catalog.pg_dist_partition, pg_catalog.pg_dist_local_group')
    expect(await session.citus()).toEqual({ version: '12.1-1', coordinator: true, tables: [] })
  })
})
