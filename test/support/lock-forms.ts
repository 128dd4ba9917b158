import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Catalog } from '../../src/model/catalog.ts'
import type { Facts, TableLock } from '../../src/model/facts.ts'
import type { Statement } from '../../src/model/statement.ts'
import { facts } from '../../src/postgres/facts.ts'
import { strongest } from '../../src/postgres/facts/effect.ts'
import { lockModeOf, tableLock } from '../../src/postgres/lock-modes.ts'
import type { PgNode } from '../../src/postgres/node.ts'
import { observe } from '../../src/postgres/observe.ts'
import { parse } from '../../src/postgres/parse.ts'
import type { PostgresSession } from '../../src/postgres/session.ts'

/** One form of a statement, on the objects of test/cases/facts/setup.sql. */
export interface Form {
  readonly id: string
  readonly sql: string
  /** Statements before it, semicolons between. */
  readonly setup?: string
  /** A SET before it. */
  readonly session?: string
  /** The first major that knows it. */
  readonly from?: number
  /** The last major for which it is a form of its own. */
  readonly to?: number
  /** false: cannot run in a transaction. */
  readonly transaction?: false
  /** Not one of the forms of the first matrix. */
  readonly own?: true
}

const folder = new URL('../cases/facts/', import.meta.url)

export const formSetup = readFileSync(new URL('setup.sql', folder), 'utf8')

/** Takes away what forms and their setups made, and makes the objects anew: faster than a database for each. */
export const resetForms = `
  drop publication if exists pub1;
  drop schema if exists p, q, "Odd S", public cascade;
  create schema public;
  ${formSetup}`

export const forms: readonly Form[] = readFileSync(new URL('forms.jsonl', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Form)

export function formsFor(version: number): readonly Form[] {
  return forms.filter((form) => (form.from ?? 13) <= version && version <= (form.to ?? 18))
}

export interface Probed {
  readonly predicted: Facts
  readonly observed: Facts
}

/** Runs a form in a transaction that is rolled back; its setup must be there already, since locks that are held hide others. */
export async function probe(form: Form, session: PostgresSession, catalog?: Catalog): Promise<Probed> {
  await session.script(['begin', ...(form.session === undefined ? [] : [form.session])])
  try {
    const before = form.session === undefined && catalog !== undefined ? catalog : await session.readCatalog()
    const statement = only(form)
    return { predicted: facts(statement, before), observed: await observe(statement, session, before) }
  } finally {
    await session.script(['rollback'])
  }
}

function only(form: Form): Statement<PgNode> {
  const [statement] = parse(Buffer.from(form.sql))
  if (statement === undefined) throw new Error(`${form.id} holds no statement`)
  return statement
}

export interface ProbeSessions {
  readonly session: PostgresSession
  readonly watcher: PostgresSession
  readonly holders: readonly [PostgresSession, PostgresSession]
}

/**
 * Runs a form that cannot run in a transaction, behind sessions that hold it up for a while, and reads its locks meanwhile from
 * another one. The database is changed. Short phases may be missed: only what was seen is reported.
 */
export async function probeAlone(form: Form, { session, watcher, holders: [first, second] }: ProbeSessions): Promise<Probed> {
  const catalog = await session.readCatalog()
  const watched = { pid: session.pid, names: await relationNames(watcher) }
  const partition = form.id.startsWith('detach')
  await first.script(['begin isolation level repeatable read', partition ? 'select count(*) from p.pt' : 'select count(*) from p.t'])
  const running = observe(only(form), session, catalog)
  const locks = await watchLocks(watched, watcher)
  // DETACH CONCURRENTLY waits for those who use the parent, and then for the partition.
  if (partition) await second.script(['begin', 'select count(*) from p.pt1'])
  await first.script(['rollback'])
  const later = partition ? await watchLocks(watched, watcher) : []
  if (partition) await second.script(['rollback'])
  const last = await watchLocks(watched, watcher, running)
  const observed = { ...(await running), locks: strongest([...locks, ...later, ...last]) }
  return { predicted: facts(only(form), catalog), observed }
}

async function relationNames(watcher: PostgresSession): Promise<ReadonlyMap<number, string>> {
  const rows = await watcher.query(
    `select oid::int4, relnamespace::regnamespace || '.' || relname as name from pg_class where relkind in ('r', 'p', 'm') and relnamespace = 'p'::regnamespace`,
  )
  return new Map(rows.map((row) => [Number(row['oid']), String(row['name'])]))
}

interface Watched {
  readonly pid: number
  readonly names: ReadonlyMap<number, string>
}

/** Reads the locks of a session for 150 ms, or until the statement ends. */
async function watchLocks({ pid, names }: Watched, watcher: PostgresSession, until?: Promise<unknown>): Promise<readonly TableLock[]> {
  const watch = { over: false }
  const end = () => (watch.over = true)
  void (until ?? delay(150)).then(end, end)
  const seen = new Map<string, TableLock>()
  while (!watch.over) {
    for (const row of await watcher.query(`select relation::int4, mode from pg_locks where pid = $1 and locktype = 'relation'`, [pid])) {
      const [name, mode] = [names.get(Number(row['relation'])), lockModeOf(String(row['mode']))]
      if (name !== undefined && mode !== undefined) seen.set(`${name} ${mode}`, tableLock(name, mode))
    }
  }
  return [...seen.values()]
}

/** The parts of the facts that are compared, one line each. */
export function comparable(facts: Facts): readonly string[] {
  return [
    ...facts.locks.map(({ relation, mode }) => `${relation}: ${mode}`),
    ...facts.rewrites.map((relation) => `rewrites ${relation}`),
    ...facts.builds.map((relation) => `builds on ${relation}`),
    ...facts.scans.map((relation) => `reads ${relation}`),
  ]
}
