import { availableParallelism, totalmem } from 'node:os'
import type { Output } from '../cli/command.ts'
import { startPostgres } from '../embedded/start.ts'
import type { EmbeddedServer } from '../embedded/start.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import { connect } from '../postgres/session.ts'
import type { Style } from '../report/style.ts'
import { duration } from '../report/style.ts'
import { monotonicMs } from './clock.ts'
import { cloneDatabase, dropDatabase, makeTemplate, layInWalFiles } from './database.ts'
import type { DemoDocument, WayResult } from './document.ts'
import { firstMigration, prismaFolder, readMigration } from './folder.ts'
import { measureWay, runAlone } from './measure.ts'
import { fillSql } from './shop.ts'
import { legend, summaryText, wayText } from './text.ts'
import { lockkeeper } from './way-lockkeeper.ts'
import { lockTimeout } from './way-lock-timeout.ts'
import { plain } from './way-plain.ts'
import type { Way } from './way.ts'

export interface DemoOptions {
  /** One document on standard output instead of the drawing. */
  readonly json: boolean
  readonly signal: AbortSignal
  /** Orders; 2,000,000 where absent. */
  readonly rows?: number
  /** How long the report runs; 20 where absent. */
  readonly seconds?: number
  /** Where absent: standard output and standard error. */
  readonly stdout?: Output
  readonly stderr?: Output
  readonly style?: Style
}

/**
 * The main job on an embedded PostgreSQL with live traffic: takes one Prisma folder in plainly, with lock_timeout and retries, and with
 * Lockkeeper, and prints what the application's queries saw of each. Throws `embedded-unavailable`, `interrupted`; leaves nothing behind.
 */
export async function runDemo(options: DemoOptions): Promise<DemoDocument> {
  try {
    return await playAll(settle(options))
  } catch (error) {
    if (!options.signal.aborted) throw error
    throw new LockkeeperError('interrupted', 'the demo was interrupted', { cause: error, hint: 'It left nothing behind; run it again.' })
  }
}

const ways: readonly Way[] = [plain, lockTimeout, lockkeeper]
const template = 'shop'

/**
 * As a server in production has it, save that no checkpoint and no parallel report falls into one way and not into another. WAL files are kept to be
 * used again (`layInWalFiles`).
 */
const serverSettings = {
  shared_buffers: '512MB',
  max_wal_size: '16GB',
  min_wal_size: '2GB',
  checkpoint_timeout: '1h',
  max_parallel_workers_per_gather: '0',
  wal_level: 'replica',
}

interface Settled {
  readonly json: boolean
  readonly signal: AbortSignal
  readonly orders: number
  readonly reportSeconds: number
  readonly print: (text: string) => void
  readonly say: (text: string) => void
  readonly style: Style
}

function settle({ json, signal, rows, seconds, stdout, stderr, style }: DemoOptions): Settled {
  const out = stdout ?? process.stdout
  const err = stderr ?? process.stderr
  const startedMs = monotonicMs()
  return {
    json,
    signal,
    orders: rows ?? 2_000_000,
    reportSeconds: seconds ?? 20,
    print: (text) => void out.write(`${text}\n`),
    say: (text) => void err.write(`${duration(monotonicMs() - startedMs).padStart(11)}  ${text}\n`),
    style: style ?? { color: process.stdout.isTTY, width: Math.max(40, Math.min(120, process.stdout.columns || 80)) },
  }
}

async function playAll(settled: Settled): Promise<DemoDocument> {
  const { signal, orders, say } = settled
  const startedMs = monotonicMs()
  say('starting PostgreSQL')
  await using server = await startPostgres({ durable: true, settings: serverSettings, signal })
  signal.addEventListener('abort', () => void server.stop().catch(() => undefined), { once: true }) // no query outlives it, so no wait needs its own way out
  try {
    await using admin = await connect({ url: server.url, applicationName: 'demo', signal })
    say(`filling orders with ${orders.toLocaleString('en-US')} rows`)
    await fill(server, admin, orders)
    const results = await playWays({ ...settled, server, admin })
    const document = documentOf(settled, { server: admin.server, results, totalMs: monotonicMs() - startedMs })
    settled.print(settled.json ? JSON.stringify(document) : summaryText(document, settled.style))
    return document
  } catch (error) {
    if (!signal.aborted) say(`PostgreSQL said last:\n${await server.logTail()}`) // its folder goes with it
    throw error
  }
}

async function fill(server: EmbeddedServer, admin: Session, orders: number): Promise<void> {
  const init = await readMigration(prismaFolder, firstMigration)
  await makeTemplate(admin, { name: template, url: server.databaseUrl(template), statements: [init, ...fillSql(orders)] })
  await layInWalFiles(admin, orders * walBytesPerOrder)
}

/** Lockkeeper's way writes some 450 bytes of WAL for each order, the traffic beside it included; a slower machine has more traffic in it. */
const walBytesPerOrder = 700

interface Stage extends Settled {
  readonly server: EmbeddedServer
  readonly admin: Session
}

async function playWays(stage: Stage): Promise<readonly WayResult[]> {
  const results: WayResult[] = []
  if (!stage.json) stage.print(`${legend(stage.reportSeconds, stage.style)}\n`)
  for (const way of ways) {
    const result = await playWay(way, stage)
    results.push(result)
    if (!stage.json) stage.print(wayText(result, stage.style))
  }
  return results
}

/** Lockkeeper's way runs a second time, alone: what it took without traffic is what its haste is held against. */
async function playWay(way: Way, stage: Stage): Promise<WayResult> {
  const say = (text: string): void => stage.say(`${way.id}: ${text}`)
  const result = await onClone(way, stage, (url) => measureWay(way, { ...stage, url, folder: prismaFolder, say }))
  if (way.id !== 'lockkeeper') return result
  say('the same plan once more, without traffic and report')
  const doneWithoutTrafficMs = await onClone(way, stage, (url) => runAlone(way, { ...stage, url, folder: prismaFolder, say }))
  return { ...result, doneWithoutTrafficMs }
}

async function onClone<T>(way: Way, { admin, server, signal }: Stage, act: (url: string) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const name = `shop_${way.id}`
  const url = server.databaseUrl(name)
  await cloneDatabase(admin, template, name)
  await way.prepare?.({ url, folder: prismaFolder, signal })
  const result = await act(url)
  await dropDatabase(admin, name)
  return result
}

function documentOf(
  settled: Settled,
  { server, results, totalMs }: { readonly server: Session['server']; readonly results: readonly WayResult[]; readonly totalMs: number },
): DemoDocument {
  return {
    format: 1,
    command: 'demo',
    server,
    machine: { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version },
    rows: settled.orders,
    reportSeconds: settled.reportSeconds,
    ways: results,
    totalMs: Math.round(totalMs),
  }
}
