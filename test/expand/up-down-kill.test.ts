import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { complete } from '../../src/run/complete.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { bundle } from '../support/bundle.ts'
import { project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planOf, runOptions } from '../support/run.ts'
import { schemaOf } from '../support/snapshot.ts'
import { startTraffic } from '../support/traffic.ts'

const child = bundle('test/support/apply-child.ts')
const table = 'create table users (id int primary key, full_name text not null, email text)'
const setup = `${table}; insert into users select n, 'First Last' || n from generate_series(1, 3000) n`
const sql = `-- lockkeeper-up first: split_part(full_name, ' ', 1)
-- lockkeeper-up last: split_part(full_name, ' ', 2)
-- lockkeeper-down full_name: first || ' ' || last
ALTER TABLE users ADD COLUMN first text NOT NULL, ADD COLUMN last text NOT NULL, DROP COLUMN full_name;
-- lockkeeper-up email: 'none'
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
CREATE UNIQUE INDEX users_last ON users (last);`

/** True once it came to the end; false where it killed itself after the event. */
async function apply(url: string, folder: string, killAt: number): Promise<boolean> {
  const args = [await child, url, folder, String(killAt)]
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, _stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

forEachVersion('kill -9 amid a change with values of the user', (version) => {
  test(
    'at every step boundary, under the traffic of the old application, ends where the plain statements end',
    { timeout: 300_000 },
    async () => {
      await using original = await freshDatabase(version, { setup: `${table}; ${sql}` })
      await using database = await freshDatabase(version, { setup })
      await using here = await project({ 'migrations/1_users.sql': sql })
      const traffic = await startTraffic(database.url, [
        (n) =>
          `insert into users (id, full_name) values (${100_000 + n}, 'Old N${n}'); update users set full_name = 'Was W' || id where id = ${1 + (n % 500)}`,
      ])
      let runs = 0
      while (!(await apply(database.url, here.folder, 1 + (runs % 2)))) runs += 1
      expect(runs).toBeGreaterThan(10)
      expect((await traffic.stop()).failures).toEqual([])
      const plan = { ...planOf(), project: here.folder }
      const client = await database.client()
      const { rows: projects } = await client.query<{ project: string }>('select distinct project from lockkeeper.journal')
      await complete({
        ...runOptions(database.url, { ...plan, project: projects[0]?.project ?? '' }),
        contract: { overrides: [{ gate: 'unused', reason: 'nobody else is here' }], minAgeMs: 0, waitMs: 0 },
      })
      expect(diffSchemas(await schemaOf(await original.client()), await schemaOf(client))).toEqual([])
      const { rows } =
        await client.query(`select * from users where email <> 'none' or (id >= 100000 and (first, last) is distinct from ('Old', 'N' || (id - 100000)))
      or (id > 500 and id <= 3000 and (first, last) is distinct from ('First', 'Last' || id)) or (id <= 500 and last not in ('W' || id, 'Last' || id))`)
      expect(rows).toEqual([])
    },
  )
})
