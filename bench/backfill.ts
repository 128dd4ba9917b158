import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cloneDatabase, dropDatabase, layInWalFiles, makeTemplate } from '../src/demo/database.ts'
import { monotonicMs } from '../src/demo/clock.ts'
import { figuresOf } from '../src/demo/samples.ts'
import type { Figures } from '../src/demo/samples.ts'
import { startTraffic } from '../src/demo/traffic.ts'
import { startPostgres, type EmbeddedServer } from '../src/embedded/start.ts'
import type { Session } from '../src/model/session.ts'
import { connect } from '../src/postgres/session.ts'
import { backfillDocument, backfillText } from './_backfill-report.ts'
import type { Run } from './_backfill-report.ts'
import { lastProgress, strategies, strategyIds } from './_backfill-strategies.ts'
import type { StrategyId } from './_backfill-strategies.ts'
import { shapes, tableSql, traffic } from './_backfill-table.ts'
import { serverCpuMs } from './_server-cpu.ts'

const warmUpMs = 2_000
const idleMs = 10_000
const skipLockedLimitMs = 60_000
const million = 1_000_000

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string' },
    rows: { type: 'string' },
    case: { type: 'string', multiple: true },
    growth: { type: 'boolean' },
    version: { type: 'string' },
    load: { type: 'string' },
    shape: { type: 'string' },
  },
})

/** A new column is filled under traffic, in five ways, each on a copy of the same table; the ways in turn go first. With --growth: ours on 1, 4 and 16 million rows. */
async function main(): Promise<void> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  await using server = await startPostgres({
    version: Number(flags.version ?? 18),
    durable: true,
    settings: settings(),
    signal: stop.signal,
  })
  stop.signal.addEventListener('abort', () => void server.stop().catch(() => undefined), { once: true })
  const sizes = flags.growth === true ? [1, 4, 16].map((millions) => millions * million) : [Number(flags.rows ?? 2 * million)]
  const ways =
    flags.growth === true ? (['lockkeeper'] as const) : strategyIds.filter((id) => flags.case === undefined || flags.case.includes(id))
  const rounds = Number(flags.rounds ?? 3)
  const runs: Run[] = []
  for (const rows of sizes) runs.push(...(await runSize(server, { rows, ways, rounds, signal: stop.signal })))
  const document = backfillDocument(runs, { rounds, version: server.version })
  process.stdout.write(flags.json === true ? `${JSON.stringify(document)}\n` : backfillText(document))
}

/** A checkpoint in the middle of a run writes the pages of the indexes to the WAL again: the size of the WAL, not of the table, would decide. */
function settings(): { readonly [name: string]: string } {
  const all = { wal_level: 'replica', max_wal_size: '32GB', min_wal_size: '3GB', checkpoint_timeout: '30min' }
  // Of three sizes none may outgrow the buffers, or run so long that autovacuum, which wakes once a minute, comes into it alone.
  return flags.growth === true ? { ...all, shared_buffers: '8GB', autovacuum: 'off' } : { ...all, shared_buffers: '2GB' }
}

interface Size {
  readonly rows: number
  readonly ways: readonly StrategyId[]
  readonly rounds: number
  readonly signal: AbortSignal
}

async function runSize(server: EmbeddedServer, { rows, ways, rounds, signal }: Size): Promise<readonly Run[]> {
  await using admin = await connect({ url: server.url, applicationName: 'bench admin', signal })
  const template = `template_${rows}`
  say(`${rows} rows: making the table`)
  await makeTemplate(admin, {
    name: template,
    url: server.databaseUrl(template),
    statements: tableSql(
      rows,
      shapes.find((shape) => shape === flags.shape),
    ),
  })
  await layInWalFiles(admin, Math.min(9_000_000_000, 1_500 * rows))
  const runs: Run[] = []
  for (let round = 0; round < rounds; round += 1) {
    const turned = [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]
    const idle = await stretch({ server, admin, template, rows, signal }, undefined)
    for (const way of turned) {
      say(`${rows} rows, round ${round + 1}: ${way}`)
      runs.push({ way, round, ...(await stretch({ server, admin, template, rows, signal }, way)), idle: idle.latency })
    }
  }
  await dropDatabase(admin, template)
  return runs
}

interface Place {
  readonly server: EmbeddedServer
  readonly admin: Session
  readonly template: string
  readonly rows: number
  readonly signal: AbortSignal
}

type Measured = Omit<Run, 'way' | 'round' | 'idle'>

/** One copy of the table, with traffic; its time is that of the way alone, or `idleMs` of nothing. */
async function stretch(place: Place, way: StrategyId | undefined): Promise<Measured> {
  const { server, admin, template, rows, signal } = place
  await cloneDatabase(admin, template, 'bench')
  const url = server.databaseUrl('bench')
  try {
    await using running = flags.load === 'none' ? undefined : await startTraffic({ url, workloads: traffic(rows), signal })
    await delay(warmUpMs, undefined, { signal })
    const before = await look(server, url)
    const fromMs = monotonicMs()
    const done =
      way === undefined ? await delay(idleMs, 0, { signal }) : await strategies[way]({ url, rows, signal, limitMs: skipLockedLimitMs })
    const toMs = monotonicMs()
    const after = await look(server, url)
    const samples = (await running?.stop()) ?? []
    if (way === 'lockkeeper')
      say(`   HOT ${Math.round(100 * (lastProgress?.hotShare ?? 0))} %, stripes ${lastProgress?.stripes}, sweep ${lastProgress?.sweep}`)
    return {
      rows,
      done,
      ms: toMs - fromMs,
      walBytes: after.wal - before.wal,
      indexBytes: after.indexes - before.indexes,
      heapBytes: after.heap - before.heap,
      cpuMs: after.cpuMs - before.cpuMs,
      left: after.left,
      latency: figuresOf(samples, { fromMs, toMs }) satisfies Figures,
    }
  } finally {
    await dropDatabase(admin, 'bench')
    await admin.query('CHECKPOINT')
  }
}

async function look(server: EmbeddedServer, url: string) {
  await using session = await connect({ url, applicationName: 'bench look' })
  const [row] = await session.query(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS wal, pg_indexes_size('acct')::float8 AS indexes,
      pg_table_size('acct')::float8 AS heap, (SELECT count(*)::float8 FROM acct WHERE full_name IS NULL) AS left`,
  )
  const postmaster = Number(readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  const number = (name: string) => Number(row?.[name])
  return { wal: number('wal'), indexes: number('indexes'), heap: number('heap'), left: number('left'), cpuMs: serverCpuMs(postmaster) }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

await main()
