import { expect, it } from 'vitest'
import { forEachVersion, freshDatabase, serverFor } from '../support/postgres.ts'

forEachVersion('a fresh database', (version) => {
  it('is on a server of the version asked for, shared within the process', async () => {
    const server = await serverFor(version)
    expect(server.version).toBe(version)
    expect(await serverFor(version)).toBe(server)
  })

  it('holds what the setup made and is gone after drop, with a client still connected', async () => {
    const database = await freshDatabase(version, { setup: 'CREATE TABLE t (id int); INSERT INTO t VALUES (7)' })
    const client = await database.client()
    expect((await client.query('SELECT id FROM t')).rows).toEqual([{ id: 7 }])
    expect((await client.query(`SELECT current_setting('server_version_num')::int / 10000 AS major`)).rows).toEqual([{ major: version }])
    await database.drop()
    const other = await freshDatabase(version)
    const left = await (await other.client()).query('SELECT 1 FROM pg_database WHERE datname = $1', [database.name])
    expect(left.rowCount).toBe(0)
    await other.drop()
  })
})
