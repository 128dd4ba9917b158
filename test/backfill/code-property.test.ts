import type pg from 'pg'
import { expect, test } from 'vitest'
import { fillByCode, type Run } from '../support/code-backfill.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const rows = 1_500
const setup = `create table t (id int primary key, a int not null, b text);
  insert into t select i, i % 97, case when i % 3 = 0 then 'old' end from generate_series(1, ${rows}) i`

/** As one UPDATE would be: b from a of the row itself. */
const oneUpdate = `update t set b = 'a' || a where b is null`
const run: Run = async (given, tx) => {
  await tx.query('update t set b = d.b from unnest($1::int[], $2::text[]) as d (id, b) where t.id = d.id', [
    given.map(({ id }) => id),
    given.map(({ a }) => `a${String(a)}`),
  ])
}

async function actAtRandom(client: pg.Client, random: () => number): Promise<void> {
  const id = 1 + Math.floor(random() * (rows + 50))
  const acts = [
    `update t set a = ${Math.floor(random() * 1_000)}, b = null where id = ${id}`,
    `insert into t values (${rows + 1 + Math.floor(random() * 10_000)}, 5, null) on conflict do nothing`,
    `delete from t where id = ${id}`,
    `begin; select from t where id = ${id} for update; select pg_sleep(0.02); commit`,
  ]
  await client.query(acts[Math.floor(random() * acts.length)] ?? '')
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

forEachVersion('a backfill by code among an application', (version) => {
  test.each([20_261_127, 20_261_128, 20_261_129])('leaves what one UPDATE leaves after the application, seed %i', async (seed) => {
    await using database = await freshDatabase(version, { setup })
    const [application, client] = [await database.client(), await database.client()]
    const random = randomOf(seed)
    const over = new AbortController()
    const acting = (async () => {
      for (let acts = 0; acts < 400 && !over.signal.aborted; acts += 1) await actAtRandom(application, random)
    })()
    const job = { run, where: 'b is null', falsifies: true, code: { most: 1 + Math.floor(random() * 60) } }
    await Promise.all([1, 2, 3].map(() => fillByCode(database.url, job)))
    over.abort()
    await acting
    await client.query(oneUpdate)
    // No row has a value that was computed from an `a` which the application has changed since.
    expect((await client.query(`select id, a, b from t where b <> 'old' and b <> 'a' || a`)).rows).toEqual([])
  })
})
