import { expect } from 'vitest'
import { diffSchemas, type SchemaDescription } from '../../src/postgres/describe.ts'
import { cliHere } from './cli.ts'
import { tempProject } from './orm/project.ts'
import { freshDatabase } from './postgres.ts'
import { schemaOf } from './snapshot.ts'
import { startWriter } from './two-versions.ts'
import { baseIndexes, baseRows, baseTables, nothing, type Look, type VersionCase } from './version-cases.ts'
import { differing, ended, mapped, rowsOfLate, rowsOfNew, rowsOfOld, writesOf, type Values } from './written.ts'

export interface LivePlace {
  readonly version: number
  /** Of the tables. */
  readonly schema: string
}

/** A folder with the base tables applied and filled, and a second file of one operation that is still to come. */
interface Stage extends AsyncDisposable {
  readonly lockkeeper: (...args: readonly string[]) => Promise<void>
  /** For an application of the version in this schema. */
  readonly urlOf: (schema: string) => string
  readonly read: (schema: string, look: Look) => Promise<Values>
  readonly rows: (sql: string) => Promise<readonly unknown[]>
  readonly catalog: () => Promise<SchemaDescription>
  readonly before: string
  readonly after: string
}

async function stageOf(one: VersionCase, { version, schema }: LivePlace): Promise<Stage> {
  const database = await freshDatabase(version, { setup: `CREATE SCHEMA IF NOT EXISTS ${schema}` })
  const project = await tempProject({
    'migrations/01_base.json': JSON.stringify({ operations: baseTables }),
    'migrations/02_indexes.json': JSON.stringify({ operations: baseIndexes }),
  })
  const lockkeeper = async (...args: readonly string[]) => {
    const outcome = await cliHere([...args, '--schema', schema, '--database-url', database.url], { cwd: project.root })
    expect(outcome.status, `${args[0]}: ${outcome.stdout}${outcome.stderr}`).toBe(0)
  }
  await lockkeeper('apply', '--yes')
  const client = await database.client()
  await client.query(`SET search_path = ${schema}; ${baseRows}; RESET search_path`)
  await project.write({ 'migrations/03_change.json': JSON.stringify({ version_schema: 'changed', operations: one.change }) })
  return {
    lockkeeper,
    urlOf: (name) => `${database.url}&options=-csearch_path%3D${name}`,
    read: async (name, { table, column }) => {
      const sql = `SELECT id, coalesce("${column}"::text, '${nothing}') AS value FROM ${name}.${table}`
      const { rows } = await client.query<{ id: string; value: string }>(sql)
      return new Map(rows.map(({ id, value }) => [Number(id), value]))
    },
    rows: async (sql) => (await client.query(sql)).rows,
    catalog: async () => Object.fromEntries(Object.entries(await schemaOf(client)).filter(([object]) => !/\blockkeeper\b/.test(object))),
    before: `${schema}_02_indexes`,
    after: `${schema}_changed`,
    [Symbol.asyncDispose]: async () => {
      await database.drop()
      await project[Symbol.asyncDispose]()
    },
  }
}

/**
 * Starts a file of one operation, takes it back, starts it again and completes it, with an application of either version that writes all the time:
 * no statement fails, and nothing that either has written is lost or read otherwise than `up` and `down` say.
 */
export async function liveThroughVersions(one: VersionCase, place: LivePlace): Promise<void> {
  await using stage = await stageOf(one, place)
  const { lockkeeper, before, after, urlOf } = stage
  const start = await stage.catalog()
  const old = await startWriter(urlOf(before), writesOf(one.old, rowsOfOld))
  await old.wrote(20)
  await lockkeeper('apply', '--yes')
  await old.wrote(20)
  await lockkeeper('abort')
  expect(diffSchemas(start, await stage.catalog())).toEqual([])

  await lockkeeper('apply', '--yes')
  const fresh = await startWriter(urlOf(after), writesOf(one.new, rowsOfNew))
  await Promise.all([old.wrote(60), fresh.wrote(60)])
  const written = { old: await ended(old), new: await ended(fresh) }
  await seenByBoth(one, stage, written)
  const wrong = one.wrong?.replaceAll('{old}', before).replaceAll('{new}', after).replaceAll('{base}', place.schema)
  expect(wrong === undefined ? [] : (await stage.rows(wrong)).slice(0, 5)).toEqual([])

  const late = await startWriter(urlOf(after), writesOf(one.new, rowsOfLate))
  await late.wrote(10)
  await lockkeeper('complete', '--override', 'unused', '--reason', 'a test')
  await late.wrote(20)
  const lateValues = await ended(late)
  const found = await stage.read(after, one.new)
  expect(differing(lateValues, found)).toEqual([])
  expect(differing(mapped(written.old, one.up), found)).toEqual([])
  const left = Object.keys(await stage.catalog()).filter((object) => /_lk_|~lk_/.test(object) || object.includes(before))
  expect(left).toEqual([])
}

async function seenByBoth(
  one: VersionCase,
  { read, before, after }: Stage,
  written: { readonly old: Values; readonly new: Values },
): Promise<void> {
  const [byOld, byNew] = [await read(before, one.old), await read(after, one.new)]
  expect(differing(written.old, byOld)).toEqual([])
  expect(differing(written.new, byNew)).toEqual([])
  expect(differing(mapped(written.old, one.up), byNew)).toEqual([])
  expect(differing(mapped(written.new, one.down), byOld)).toEqual([])
}
