import { expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import type { Listener } from '../../src/model/event.ts'
import { describeSchema, diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { runOptions } from '../support/run.ts'

const setup = `create table users (id int primary key, full_name text, junk text);
  create index users_name on users (full_name);
  insert into users select n, 'user ' || n, 'x' from generate_series(1, 60000) n`
const reshape = 'alter table users rename column full_name to name; alter table users drop column junk'
const contract = { overrides: [{ gate: 'unused', reason: 'a test' }], minAgeMs: 0, waitMs: 0 }

async function planFor(url: string) {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(reshape)])
}

async function schemaOf(url: string) {
  await using session = await connect({ url, applicationName: 'look' })
  return await describeSchema((sql, values) => session.query(sql, values))
}

async function named(url: string): Promise<number> {
  await using session = await connect({ url, applicationName: 'look' })
  const [row] = await session.query(`select count(*)::int as n from users where name = 'user ' || id`)
  return Number(row?.['n'])
}

forEachVersion('a run that is interrupted', (version) => {
  test('by the loss of its connection, at each step, goes on by itself and undoes nothing', { timeout: 60_000 }, async () => {
    await using database = await freshDatabase(version, { setup })
    await using wanted = await freshDatabase(version, { setup: `${setup}; ${reshape}` })
    const admin = await database.client()
    const ended: string[] = []
    // The next statement of ours meets a connection that is gone.
    const listener: Listener = (event) => {
      if (event.type !== 'step-started' || ended.includes(event.step)) return
      ended.push(event.step)
      void admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'lockkeeper'`,
      )
    }
    const plan = await planFor(database.url)
    expect((await run(runOptions(database.url, plan, { listener }))).migrations).toMatchObject([{ state: 'expanded' }])
    const done = await complete({ ...runOptions(database.url, plan, { listener }), contract })
    expect(done.migrations).toMatchObject([{ state: 'complete' }])
    expect(ended).toHaveLength(plan.migrations[0]?.steps.length ?? 0)
    expect(diffSchemas(await schemaOf(wanted.url), await schemaOf(database.url))).toEqual([])
    expect(await named(database.url)).toBe(60_000)
  })

  test('by an immediate restart of the server in its backfill, and at its gate, goes on by itself', { timeout: 60_000 }, async () => {
    await using server = await startPostgres({ version })
    await using session = await connect({ url: server.url, applicationName: 'setup' })
    await session.script([setup])
    await session.close()
    const restarts: Promise<void>[] = []
    const restartAt =
      (type: string, most: number): Listener =>
      (event) => {
        if (event.type === type && restarts.length < most) restarts.push(server.restart('immediate'))
      }
    const plan = await planFor(server.url)
    const expanding = runOptions(server.url, plan, { listener: restartAt('batch-done', 1) })
    expect((await run(expanding)).migrations).toMatchObject([{ state: 'expanded' }])
    await Promise.all(restarts)
    const completing = runOptions(server.url, plan, { listener: restartAt('step-started', 2) })
    expect((await complete({ ...completing, contract })).migrations).toMatchObject([{ state: 'complete' }])
    await Promise.all(restarts)
    expect(restarts).toHaveLength(2)
    expect(await named(server.url)).toBe(60_000)
  })
})
