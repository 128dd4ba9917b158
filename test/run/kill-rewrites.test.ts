import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { bundle } from '../support/bundle.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { schemaOf } from '../support/snapshot.ts'

const folder = join(import.meta.dirname, '../cases/runs/rewrites')
const child = bundle('test/support/apply-child.ts')

const setup = `CREATE TYPE state AS ENUM ('open');
CREATE TABLE orders (id int PRIMARY KEY, note varchar(20) CHECK (note <> ''), state state);
INSERT INTO orders SELECT n, 'note ' || n, CASE WHEN n % 3 = 0 THEN 'open'::state END FROM generate_series(1, 3000) n;
CREATE TABLE events (at timestamptz);
INSERT INTO events SELECT now() FROM generate_series(1, 3000) n;
CREATE MATERIALIZED VIEW totals AS SELECT id % 7 AS rest, count(*) AS n FROM orders GROUP BY 1;
CREATE UNIQUE INDEX ON totals (rest);
DELETE FROM orders WHERE id % 7 = 3;`

/** True once it came to the end; false where it killed itself after the event. */
async function apply({ url }: TestDatabase, killAt: number): Promise<boolean> {
  const args = [await child, url, folder, String(killAt), 'result-type']
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, _stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

async function asWritten(database: TestDatabase): Promise<void> {
  const client = await database.client()
  for (const file of readdirSync(join(folder, 'migrations')).toSorted())
    for (const statement of readFileSync(join(folder, 'migrations', file), 'utf8').split(';')) await client.query(statement)
}

/** Each row has a number of its own, and the next one has a new one. */
async function expectNumbered(database: TestDatabase): Promise<void> {
  const client = await database.client()
  await client.query(`INSERT INTO orders (id) VALUES (0); INSERT INTO events VALUES (now())`)
  const { rows } = await client.query(`
    SELECT count(DISTINCT number) = count(*) AND count(DISTINCT place) = count(*) AND bool_and(number > 0 AND place % 3 = 1) AS numbered,
      (SELECT count(DISTINCT id)::int FROM events) AS events, (SELECT sum(n)::int FROM totals) AS totals
    FROM orders`)
  expect(rows).toEqual([{ numbered: true, events: 3001, totals: 2571 }])
}

forEachVersion('kill -9 of the runner amid a rewrite', (version) => {
  test(
    'at every step boundary, after the intent and after the act, ends in the catalog of the migrations as written',
    { timeout: 600_000 },
    async () => {
      await using original = await freshDatabase(version, { setup })
      await using database = await freshDatabase(version, { setup })
      await asWritten(original)
      let runs = 0
      while (!(await apply(database, 1 + (runs % 2)))) runs += 1
      expect(runs).toBeGreaterThan(20)
      expect(diffSchemas(await schemaOf(await original.client()), await schemaOf(await database.client()))).toEqual([])
      await expectNumbered(database)
    },
  )
})
