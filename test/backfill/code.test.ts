import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fillKey } from '../support/backfill.ts'
import { countEach, fillByCode } from '../support/code-backfill.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const setup = (rows: number): string =>
  `create table t (id int primary key, v text, n int not null default 0); insert into t select i, 'v' || i from generate_series(1, ${rows}) i`

async function counts(database: TestDatabase): Promise<readonly unknown[]> {
  const client = await database.client()
  return (await client.query('select n, count(*)::int as rows from t group by n order by n')).rows
}

async function stateOf(database: TestDatabase): Promise<{ readonly failure: string | null; readonly done: boolean } | undefined> {
  const client = await database.client()
  const { rows } = await client.query<{ failure: string | null; done: boolean }>('select failure, done from lockkeeper.backfill')
  return rows[0]
}

async function revive(database: TestDatabase): Promise<void> {
  await (await database.client()).query('update lockkeeper.backfill set failure = null, still = 0')
}

forEachVersion('a backfill by code', (version) => {
  test('gives each row once to one of three workers', async () => {
    await using database = await freshDatabase(version, { setup: setup(3_000) })
    const given: unknown[] = []
    const run = async (...call: Parameters<typeof countEach>): Promise<void> => {
      await countEach(...call)
      given.push(...call[0].map(({ id }) => id))
    }
    await Promise.all([1, 2, 3].map(() => fillByCode(database.url, { run })))
    expect(given.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1))
    expect(await counts(database)).toEqual([{ n: 1, rows: 3_000 }])
  })

  test('gives plain objects with the columns asked for, and no more rows than a batch may have', async () => {
    await using database = await freshDatabase(version, { setup: setup(100) })
    const calls: unknown[][] = []
    await fillByCode(database.url, {
      run: (rows) => Promise.resolve(void calls.push([...rows])),
      code: { columns: ['id', 'v'], most: 7 },
    })
    expect(calls[0]?.[0]).toEqual({ id: 1, v: 'v1' })
    expect(Math.max(...calls.map((rows) => rows.length))).toBe(7)
    expect(calls.flat()).toHaveLength(100)
  })

  test('does not write what was computed from a row that the application has changed since, and is called again with the new one', async () => {
    await using database = await freshDatabase(version, { setup: setup(20) })
    const application = await database.client()
    let changed = 0
    await fillByCode(database.url, {
      run: async (rows, tx) => {
        if (rows.some(({ id }) => id === 5) && (changed += 1) === 1) await application.query(`update t set v = 'new' where id = 5`)
        for (const { id, v } of rows) await tx.query('update t set v = $1, n = n + 1 where id = $2', [`${String(v)}!`, id])
      },
    })
    expect(changed).toBe(2)
    expect((await application.query('select v, n from t where id = 5')).rows).toEqual([{ v: 'new!', n: 1 }])
    expect(await counts(database)).toEqual([{ n: 1, rows: 20 }])
  })

  test('a row that is changed each time is left for later, and the rest of its batch is done', async () => {
    await using database = await freshDatabase(version, { setup: setup(20) })
    const application = await database.client()
    let times = 0
    const run = async (...[rows, tx]: Parameters<typeof countEach>): Promise<void> => {
      if (rows.some(({ id }) => id === 5) && (times += 1) <= 3) await application.query(`update t set v = 'v' || v where id = 5`)
      await countEach(rows, tx)
    }
    const doneBefore5: unknown[] = []
    await fillByCode(database.url, {
      run,
      onBatch: () => void application.query('select n from t where id = 5').then(({ rows }) => doneBefore5.push(rows[0]?.n)),
    })
    expect(doneBefore5[0]).toBe(0)
    expect(times).toBe(4)
    expect(await counts(database)).toEqual([{ n: 1, rows: 20 }])
  })

  test('a row that the application has locked delays that row alone', async () => {
    await using database = await freshDatabase(version, { setup: setup(200) })
    const holder = await database.client()
    await holder.query('begin; select from t where id = 5 for update')
    const filling = fillByCode(database.url, { run: countEach })
    const client = await database.client()
    const open = async (): Promise<unknown> => (await client.query('select count(*)::int as n from t where n = 0')).rows[0]?.n
    await expect.poll(open, { timeout: 10_000 }).toBe(1)
    await holder.query('commit')
    await filling
    expect(await counts(database)).toEqual([{ n: 1, rows: 200 }])
  })

  test('that throws leaves nothing of the batch, its place, and its reason; it goes on from there', async () => {
    await using database = await freshDatabase(version, { setup: setup(500) })
    let broken = true
    const calls: number[] = []
    const run = async (...[rows, tx]: Parameters<typeof countEach>): Promise<void> => {
      calls.push(...rows.map(({ id }) => Number(id)))
      await countEach(rows, tx)
      if (broken && rows.some(({ id }) => id === 250)) throw new Error('no such country: 250')
    }
    const failing = fillByCode(database.url, { run })
    await expect(failing).rejects.toMatchObject({ code: 'backfill-code-failed', exit: 1 })
    await expect(failing).rejects.toThrow(/^fill of m\.ts failed at \d+ rows of public\.t \(\d+ to \d+\): no such country: 250$/)
    expect((await stateOf(database))?.failure).toContain('no such country: 250')
    const client = await database.client()
    expect((await client.query('select from t where id >= 250 and n > 0')).rowCount).toBe(0)
    await expect(fillByCode(database.url, { run })).rejects.toMatchObject({ code: 'step-failed' })
    broken = false
    await revive(database)
    await fillByCode(database.url, { run })
    expect(await counts(database)).toEqual([{ n: 1, rows: 500 }])
    // What it does outside is done at least once: again for the batch that failed.
    expect(calls.filter((id) => id === 250)).toHaveLength(2)
    expect(calls.filter((id) => id === 1)).toHaveLength(1)
  })

  test('that asks the database for nothing moves the place alone', async () => {
    await using database = await freshDatabase(version, { setup: setup(300) })
    const done = await fillByCode(database.url, { run: () => Promise.resolve() })
    expect(done.rows).toBe(300)
    expect(await counts(database)).toEqual([{ n: 0, rows: 300 }])
  })

  test('that takes too long is ended, and its queries after that write nothing', async () => {
    await using database = await freshDatabase(version, { setup: setup(10) })
    let late: Promise<unknown> | undefined
    const run: typeof countEach = async (rows, tx) => {
      await tx.query('update t set n = 7')
      await new Promise((resolve) => tx.signal.addEventListener('abort', resolve))
      late = countEach(rows, tx).catch((error: unknown) => error)
      await sleep(60_000)
    }
    await expect(fillByCode(database.url, { run, code: { timeoutMs: 200 } })).rejects.toThrow(/it took longer than 200 ms/)
    expect(await late).toBeInstanceOf(Error)
    expect(await counts(database)).toEqual([{ n: 0, rows: 10 }])
  })

  test('whose rows another worker has taken over writes nothing', async () => {
    await using database = await freshDatabase(version, { setup: setup(10) })
    const client = await database.client()
    let calls = 0
    const refused: string[] = []
    const run: typeof countEach = async (rows, tx) => {
      calls += 1
      if (calls === 1)
        await client.query('update lockkeeper.backfill_chunk set fence = fence + 1, owner = null, leased_until = clock_timestamp()')
      await countEach(rows, tx).catch((error: unknown) => {
        refused.push(String(error))
        throw error
      })
    }
    await fillByCode(database.url, { run })
    expect(calls).toBe(2)
    expect(refused).toEqual(['Error: another worker has these rows'])
    expect(await counts(database)).toEqual([{ n: 1, rows: 10 }])
  })

  test('keeps its lease while it waits for the outside, and other workers leave its rows alone', async () => {
    await using database = await freshDatabase(version, { setup: setup(200) })
    let slow = 0
    const run: typeof countEach = async (rows, tx) => {
      if ((slow += 1) === 1) await sleep(2_500)
      await countEach(rows, tx)
    }
    const given: unknown[] = []
    const second: typeof countEach = async (rows, tx) => {
      given.push(...rows.map(({ id }) => id))
      await countEach(rows, tx)
    }
    const first = fillByCode(database.url, { run, job: { leaseMs: 800 } })
    await expect.poll(() => slow, { timeout: 10_000 }).toBe(1)
    await Promise.all([first, fillByCode(database.url, { run: second, job: { leaseMs: 800 } })])
    expect(given).not.toContain(1)
    expect(await counts(database)).toEqual([{ n: 1, rows: 200 }])
  })

  test('with other code than it was begun with changes nothing', async () => {
    await using database = await freshDatabase(version, { setup: setup(10) })
    await expect(fillByCode(database.url, { run: () => Promise.reject(new Error('x')) })).rejects.toThrow('x')
    await revive(database)
    let calls = 0
    const other = fillByCode(database.url, { run: () => Promise.resolve(void (calls += 1)), code: { hash: 'h2' } })
    await expect(other).rejects.toMatchObject({ code: 'backfill-changed' })
    expect(calls).toBe(0)
    expect(await counts(database)).toEqual([{ n: 0, rows: 10 }])
  })

  test('that leaves its rows as they were ends with rows-still-match', async () => {
    await using database = await freshDatabase(version, { setup: setup(50) })
    const job = { where: 'n = 0', falsifies: true }
    const run: typeof countEach = async (rows, tx) => void (await tx.query('update t set v = $1 where id = $2', ['x', rows[0]?.['id']]))
    await expect(fillByCode(database.url, { run, ...job })).rejects.toMatchObject({
      code: 'rows-still-match',
      details: { rows: 50 },
    })
    await revive(database)
    await fillByCode(database.url, { run: countEach, ...job })
    expect(await counts(database)).toEqual([{ n: 1, rows: 50 }])
  })

  test('is not done while its verify gives rows', async () => {
    await using database = await freshDatabase(version, { setup: setup(10) })
    const definition = { verify: 'select id from t where n <> 2' }
    await expect(fillByCode(database.url, { run: countEach, definition })).rejects.toMatchObject({ code: 'rows-still-match' })
    expect(await stateOf(database)).toMatchObject({ done: false })
  })

  test('that ends the transaction itself is told so', async () => {
    await using database = await freshDatabase(version, { setup: setup(10) })
    const run: typeof countEach = async (rows, tx) => {
      await countEach(rows, tx)
      await tx.query('commit')
    }
    await expect(fillByCode(database.url, { run })).rejects.toThrow(/ended the transaction of tx itself/)
  })

  test('a table without a key is gone through by pages, its partitions one by one', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int, v text, n int not null default 0) partition by range (id);
        create table t0 partition of t for values from (0) to (500); create table t1 partition of t for values from (500) to (2000);
        insert into t select i, 'v' from generate_series(1, 1500) i`,
    })
    const run: typeof countEach = async (rows, tx) =>
      void (await tx.query(`update t set n = n + 1, v = null where id = any($1)`, [rows.map(({ id }) => id)]))
    await fillByCode(database.url, { run, where: 'v is not null', falsifies: true, walk: { by: 'pages' }, code: { most: 40 } })
    expect(await counts(database)).toEqual([{ n: 1, rows: 1_500 }])
  })

  test('is told under the key of its backfill', async () => {
    await using database = await freshDatabase(version, { setup: setup(1) })
    await fillByCode(database.url, { run: countEach })
    const client = await database.client()
    expect((await client.query('select project, step, rows::int as rows from lockkeeper.backfill')).rows).toEqual([
      { project: fillKey.project, step: fillKey.step, rows: 1 },
    ])
  })
})
