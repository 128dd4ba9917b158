import { expect } from 'vitest'
import { diffSchemas, type SchemaDescription } from '../../src/postgres/describe.ts'
import { cliHere } from './cli.ts'
import { tempProject } from './orm/project.ts'
import { freshDatabase } from './postgres.ts'
import { schemaOf } from './snapshot.ts'
import { startWriter, type Write, type Writer } from './two-versions.ts'
import { baseIndexes, baseRows, baseTables, nothing, type Look, type VersionCase } from './version-cases.ts'

export interface LivePlace {
  readonly version: number
  /** Of the tables. */
  readonly schema: string
}

/** A write of every fifth row that is new, of rows that no other writer changes. */
function writesOf({ table, column, value, otherwise }: Look, first: { readonly row: number; readonly added: number }) {
  return (at: number): Write => {
    const n = at + first.added
    const given = value(n)
    const literal = given === null || given === undefined ? 'NULL' : `'${given}'`
    const text = given === undefined ? (otherwise ?? nothing) : (given ?? nothing)
    if (at % 5 !== 0 && given !== undefined) {
      const id = first.row + (at % 60)
      return { sql: `UPDATE ${table} SET "${column}" = ${literal} WHERE id = ${id}`, id, value: text }
    }
    const id = first.added + at
    const insert = given === undefined ? `(id) VALUES (${id})` : `(id, "${column}") VALUES (${id}, ${literal})`
    return { sql: `INSERT INTO ${table} ${insert}`, id, value: text }
  }
}

const rowsOfOld = { row: 1, added: 1000 }
const rowsOfNew = { row: 101, added: 5000 }
const rowsOfLate = { row: 101, added: 20_000 }

type Values = ReadonlyMap<number, string>

/**
 * Starts a file of one operation, takes it back, starts it again and completes it, with an application of either version that writes all the time:
 * no statement fails, and nothing that either has written is lost or read otherwise than `up` and `down` say.
 */
export async function liveThroughVersions(one: VersionCase, { version, schema }: LivePlace): Promise<void> {
  await using database = await freshDatabase(version, { setup: `CREATE SCHEMA IF NOT EXISTS ${schema}` })
  await using project = await tempProject({
    'migrations/01_base.json': JSON.stringify({ operations: baseTables }),
    'migrations/02_indexes.json': JSON.stringify({ operations: baseIndexes }),
  })
  const lockkeeper = async (...args: readonly string[]) => {
    const outcome = await cliHere([...args, '--schema', schema, '--database-url', database.url], { cwd: project.root })
    expect(outcome.status, `${args[0]}: ${outcome.stdout}${outcome.stderr}`).toBe(0)
  }
  const [before, after] = [`${schema}_02_indexes`, `${schema}_changed`]
  const url = (path: string) => `${database.url}&options=-csearch_path%3D${path}`
  const client = await database.client()
  const read = async (path: string, { table, column }: Look): Promise<Values> => {
    await client.query(`SET search_path = ${path}`)
    const { rows } = await client.query<{ id: string; value: string }>(
      `SELECT id, coalesce("${column}"::text, '${nothing}') AS value FROM ${table}`,
    )
    await client.query('RESET search_path')
    return new Map(rows.map(({ id, value }) => [Number(id), value]))
  }
  const catalog = async (): Promise<SchemaDescription> => {
    const all = await schemaOf(client)
    return Object.fromEntries(Object.entries(all).filter(([object]) => !/\blockkeeper\b/.test(object)))
  }
  await lockkeeper('apply', '--yes')
  await client.query(`SET search_path = ${schema}; ${baseRows}; RESET search_path`)
  await project.write({ 'migrations/03_change.json': JSON.stringify({ version_schema: 'changed', operations: one.change }) })
  const start = await catalog()

  const old = await startWriter(url(before), writesOf(one.old, rowsOfOld))
  await old.wrote(20)
  await lockkeeper('apply', '--yes')
  await old.wrote(20)
  await lockkeeper('abort')
  expect(diffSchemas(start, await catalog())).toEqual([])

  await lockkeeper('apply', '--yes')
  const fresh = await startWriter(url(after), writesOf(one.new, rowsOfNew))
  await Promise.all([old.wrote(60), fresh.wrote(60)])
  const [oldLast, newLast] = [await ended(old), await ended(fresh)]
  expect(differing(oldLast, await read(before, one.old))).toEqual([])
  expect(differing(newLast, await read(after, one.new))).toEqual([])
  if (one.up !== undefined) expect(differing(mapped(oldLast, one.up), await read(after, one.new))).toEqual([])
  if (one.down !== undefined) expect(differing(mapped(newLast, one.down), await read(before, one.old))).toEqual([])
  if (one.wrong !== undefined)
    expect(
      (await client.query(one.wrong.replaceAll('{old}', before).replaceAll('{new}', after).replaceAll('{base}', schema))).rows.slice(0, 5),
    ).toEqual([])

  const late = await startWriter(url(after), writesOf(one.new, rowsOfLate))
  await late.wrote(10)
  await lockkeeper('complete', '--override', 'unused', '--reason', 'a test')
  await late.wrote(20)
  const lateLast = await ended(late)
  const found = await read(after, one.new)
  expect(differing(lateLast, found)).toEqual([])
  if (one.up !== undefined) expect(differing(mapped(oldLast, one.up), found)).toEqual([])
  const left = Object.keys(await catalog()).filter((object) => /_lk_|~lk_/.test(object) || object.includes(before))
  expect(left).toEqual([])
}

async function ended(writer: Writer): Promise<Values> {
  const { last, failures } = await writer.stop()
  expect(failures).toEqual([])
  return last
}

function mapped(values: Values, by: (value: string) => string): Values {
  return new Map([...values].map(([id, value]) => [id, by(value)]))
}

function differing(wanted: Values, found: Values): readonly string[] {
  return [...wanted]
    .flatMap(([id, value]) => (found.get(id) === value ? [] : [`row ${id}: ${found.get(id)} instead of ${value}`]))
    .slice(0, 5)
}
