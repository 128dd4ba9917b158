import { expect, test } from 'vitest'
import { expanded } from '../support/expanded.ts'
import { forEachVersion } from '../support/postgres.ts'
import { startWriter } from '../support/two-versions.ts'

const setup = `CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 500) n`

// A column that outlives the trigger which fills it would refuse each INSERT that leaves it out.
const sql = `-- lockkeeper-up handle: lower(name) || '#' || id
ALTER TABLE users ADD COLUMN handle text NOT NULL UNIQUE`

forEachVersion('abort under writes', (version) => {
  test('no write of the running application fails while what was expanded is taken back', async () => {
    await using shop = await expanded({ version, sql, setup })
    const writer = await startWriter(shop.database.url, (n) => ({
      sql: `INSERT INTO users (id, name) VALUES (${1000 + n}, 'n${n}')`,
      id: 1000 + n,
      value: `n${n}`,
    }))
    await writer.wrote(30)
    await shop.abort()
    await writer.wrote(30)
    const { failures } = await writer.stop()
    expect(failures).toEqual([])
    expect(await shop.query(`SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'handle'`)).toEqual([])
  })
})
