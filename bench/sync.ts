import { parseArgs } from 'node:util'
import { monotonicMs } from '../src/demo/clock.ts'
import { startPostgres } from '../src/embedded/start.ts'
import type { Session } from '../src/model/session.ts'
import { loadParser } from '../src/postgres/parse.ts'
import { connect } from '../src/postgres/session.ts'
import { thisMachine } from './_machine.ts'
import { spread, type Spread } from './_spread.ts'
import { addSql, tableSql, ways, type Way } from './_sync-triggers.ts'

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string' }, rows: { type: 'string' }, version: { type: 'string' } },
})
const rows = Number(flags.rows ?? 300_000)
const rounds = Number(flags.rounds ?? 5)

interface Run {
  readonly way: Way
  readonly insertMs: number
  readonly unrelatedMs: number
  readonly changedMs: number
}

/** INSERT, UPDATE of another column and UPDATE of the column itself, of all rows in one statement: without triggers, with ours and with pgroll's. */
async function main(): Promise<void> {
  await using server = await startPostgres({
    version: Number(flags.version ?? 18),
    durable: true,
    settings: { shared_buffers: '1GB', max_wal_size: '16GB', checkpoint_timeout: '1h', autovacuum: 'off' },
  })
  await loadParser()
  const runs: Run[] = []
  for (let round = 0; round < rounds; round += 1) {
    // The ways in turn go first.
    for (const way of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
      process.stderr.write(`round ${round + 1}: ${way}\n`)
      runs.push(await runWay(server.url, way))
    }
  }
  const document = documentOf(runs)
  process.stdout.write(flags.json === true ? `${JSON.stringify(document)}\n` : textOf(document))
}

async function runWay(url: string, way: Way): Promise<Run> {
  await using session = await connect({ url, applicationName: 'bench' })
  await session.script(['DROP TABLE IF EXISTS accounts', 'DROP SCHEMA IF EXISTS lockkeeper CASCADE'])
  await session.script(['DROP FUNCTION IF EXISTS _pgroll_trigger_accounts_up(), _pgroll_trigger_accounts_down()', ...tableSql])
  const catalog = await session.readCatalog()
  const relation = catalog.relations.get('public.accounts')
  if (relation === undefined) throw new Error('there is no table')
  for (const sql of addSql(way, relation, catalog)) await session.script([sql])
  const insertMs = await timed(
    session,
    `INSERT INTO accounts (id, owner, balance, note) SELECT n, 'owner ' || n, n, 'a note' FROM generate_series(1, ${rows}) n`,
  )
  await settle(session)
  const unrelatedMs = await timed(session, `UPDATE accounts SET note = 'another note'`)
  await settle(session)
  const changedMs = await timed(session, 'UPDATE accounts SET balance = balance + 1')
  return { way, insertMs, unrelatedMs, changedMs }
}

/** Neither the next statement pays for the rows that this one left, nor for its pages. */
async function settle(session: Session): Promise<void> {
  for (const sql of ['VACUUM ANALYZE accounts', 'CHECKPOINT']) await session.script([sql])
}

async function timed(session: Session, sql: string): Promise<number> {
  const from = monotonicMs()
  await session.script([sql])
  return monotonicMs() - from
}

interface Case {
  readonly case: Way
  readonly insertMs: Spread
  readonly unrelatedUpdateMs: Spread
  readonly changedUpdateMs: Spread
}

interface SyncDocument {
  readonly format: 1
  readonly bench: 'sync'
  readonly machine: ReturnType<typeof thisMachine>
  readonly rows: number
  readonly rounds: number
  readonly cases: readonly Case[]
  /** Medians of paired rounds. */
  readonly ratios: { readonly [name: string]: number }
}

function documentOf(runs: readonly Run[]): SyncDocument {
  const of = (way: Way) => runs.filter((run) => run.way === way)
  const cases = ways.map((way) => ({
    case: way,
    insertMs: spread(of(way).map((run) => run.insertMs)),
    unrelatedUpdateMs: spread(of(way).map((run) => run.unrelatedMs)),
    changedUpdateMs: spread(of(way).map((run) => run.changedMs)),
  }))
  const versus = (way: Way, value: (run: Run) => number) => {
    const base = of('none')
    return spread(of(way).map((run, round) => value(run) / value(base[round] ?? run))).median
  }
  const ratios = {
    insertVsNone: versus('lockkeeper', (run) => run.insertMs),
    unrelatedUpdateVsNone: versus('lockkeeper', (run) => run.unrelatedMs),
    changedUpdateVsNone: versus('lockkeeper', (run) => run.changedMs),
    versionsInsertVsNone: versus('versions', (run) => run.insertMs),
    versionsUnrelatedUpdateVsNone: versus('versions', (run) => run.unrelatedMs),
    versionsChangedUpdateVsNone: versus('versions', (run) => run.changedMs),
    pgrollInsertVsNone: versus('pgroll', (run) => run.insertMs),
    pgrollUnrelatedUpdateVsNone: versus('pgroll', (run) => run.unrelatedMs),
    pgrollChangedUpdateVsNone: versus('pgroll', (run) => run.changedMs),
  }
  return { format: 1, bench: 'sync', machine: thisMachine(), rows, rounds, cases, ratios }
}

function textOf({ cases, ratios }: SyncDocument): string {
  const figure = ({ median, min, max }: Spread) => `${Math.round(median)} (${Math.round(min)} to ${Math.round(max)})`
  const lines = cases.map(
    (one) =>
      `${one.case.padEnd(12)} INSERT ${figure(one.insertMs)} ms, unrelated UPDATE ${figure(one.unrelatedUpdateMs)} ms, UPDATE of it ${figure(one.changedUpdateMs)} ms`,
  )
  return `${lines.join('\n')}\n${JSON.stringify(ratios)}\n`
}

await main()
