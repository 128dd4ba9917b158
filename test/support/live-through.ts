import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TimedEvent } from '../../src/model/event.ts'
import type { Plan } from '../../src/model/plan.ts'
import { describeSchema, diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { planAll, sqlMigration } from './planned.ts'
import { freshDatabase, type TestDatabase } from './postgres.ts'
import { runOptions } from './run.ts'
import { startTraffic, type Query, type Traffic } from './traffic.ts'

/** A change that two versions of an application live through. */
export interface Change {
  readonly version: number
  readonly setup: string
  readonly sql: string
  /** What the version before it does from before the change until it is completed. */
  readonly old: readonly Query[]
  /** What the version behind it does from the moment at which it can, until after it is completed. */
  readonly fresh: readonly Query[]
  /** Looked at while both are there. */
  readonly expanded?: (database: TestDatabase) => Promise<void>
  /** Looked at in the end. */
  readonly completed: (database: TestDatabase) => Promise<void>
}

export async function planFor(url: string, sql: string): Promise<Plan> {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)])
}

async function schemaAt(url: string): ReturnType<typeof describeSchema> {
  await using session = await connect({ url, applicationName: 'look' })
  return await describeSchema((sql, values) => session.query(sql, values))
}

const emptyAll = `do $$ declare t regclass; begin
  for t in select oid from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace loop execute format('truncate %s cascade', t); end loop;
end $$`

/** How long both are at work on what is expanded; each statement of theirs is followed by a pause of 20 ms. */
const bothMs = 500

const contract = { overrides: [{ gate: 'unused', reason: 'nobody else is here' }], minAgeMs: 0, waitMs: 20_000 }

/** Expands under the traffic of both, completes once the old one is gone, and holds the schema against that of the plain statements. */
export async function expectLivedThrough({ version, setup, sql, old, fresh, expanded, completed }: Change): Promise<void> {
  await using database = await freshDatabase(version, { setup })
  await using wanted = await freshDatabase(version, { setup })
  const plain = await wanted.client()
  // As it is written it is refused where there are rows.
  await plain.query(emptyAll)
  await plain.query(sql)
  const before = await startTraffic(database.url, old)
  let behind: Promise<Traffic> | undefined
  const onFirst = (event: TimedEvent): void => {
    if (event.type === 'step-done') behind ??= startTraffic(database.url, fresh)
  }
  const plan = await planFor(database.url, sql)
  const options = runOptions(database.url, plan, { listener: onFirst })
  expect(await run(options)).toMatchObject({ migrations: [{ state: 'expanded' }] })
  await sleep(bothMs)
  await expanded?.(database)
  const ofOld = await before.stop()
  expect(await complete({ ...options, contract })).toMatchObject({ migrations: [{ state: 'complete' }] })
  const ofNew = await (await behind)?.stop()
  expect([...ofOld.failures, ...(ofNew?.failures ?? ['the new version never began'])]).toEqual([])
  expect(Math.min(ofOld.queries, ofNew?.queries ?? 0)).toBeGreaterThan(3)
  await completed(database)
  expect(diffSchemas(await schemaAt(wanted.url), await schemaAt(database.url))).toEqual([])
}

/** Expands and takes it back: what is left is what was there. */
export async function expectTakenBack({ version, setup, sql }: Pick<Change, 'version' | 'setup' | 'sql'>): Promise<void> {
  await using database = await freshDatabase(version, { setup })
  const before = await schemaAt(database.url)
  const options = runOptions(database.url, await planFor(database.url, sql))
  await run(options)
  expect(diffSchemas(before, await schemaAt(database.url))).not.toEqual([])
  await abort(options)
  expect(diffSchemas(before, await schemaAt(database.url))).toEqual([])
}

/** Rows that a query gives, of which there must be none. */
export async function expectNone(database: TestDatabase, sql: string): Promise<void> {
  const client = await database.client()
  expect((await client.query(sql)).rows).toEqual([])
}
