import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from '../support/bundle.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { diffBesidesOrder, schemaOf } from '../support/type-change.ts'

const folder = join(import.meta.dirname, '../cases/runs/type-change')
const child = bundle('test/support/apply-child.ts')

const setup = `CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, boss int REFERENCES people);
CREATE TABLE orders (id int PRIMARY KEY, person int NOT NULL REFERENCES people ON DELETE CASCADE CHECK (person > 0));
CREATE INDEX ON orders (person);
INSERT INTO people (name) SELECT 'p' || n FROM generate_series(1, 2000) n;
INSERT INTO orders SELECT n, n FROM generate_series(1, 2000) n;`

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

/** What somebody writes between two runs. */
async function write(database: TestDatabase, n: number): Promise<void> {
  const client = await database.client()
  await client.query(`INSERT INTO people (name) VALUES ('late ${n}')`)
  await client.query(`UPDATE orders SET person = ${n} WHERE id = ${n + 1}`)
  await client.query(`DELETE FROM people WHERE id = ${1000 + n}`)
}

forEachVersion('kill -9 of the runner amid a change of type', (version) => {
  test(
    'at every step boundary, after the intent and after the act, ends in the catalog and rows of the migration as written',
    { timeout: 600_000 },
    async () => {
      await using original = await freshDatabase(version, { setup })
      await using database = await freshDatabase(version, { setup })
      let runs = 0
      while (!(await apply(database, 1 + (runs % 2)))) {
        runs += 1
        for (const each of [original, database]) await write(each, runs)
      }
      expect(runs).toBeGreaterThan(15)
      const client = await original.client()
      await client.query(readFileSync(join(folder, 'migrations/01_bigger.sql'), 'utf8'))
      expect(diffBesidesOrder(await schemaOf(original.url), await schemaOf(database.url))).toEqual([])
      const rows = `SELECT (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM people p) AS people, (SELECT jsonb_agg(to_jsonb(o) ORDER BY o.id) FROM orders o) AS orders`
      expect((await (await database.client()).query(rows)).rows).toEqual((await client.query(rows)).rows)
    },
  )
})
