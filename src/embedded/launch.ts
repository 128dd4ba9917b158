import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import { programOf, type Runtime } from './runtime.ts'
import { spawnPostmaster, type Postmaster } from './postmaster.ts'
import { until } from './until.ts'
import type { Watchdog } from './watchdog.ts'

/** What a server is started with, and started again. */
export interface Launch {
  readonly runtime: Runtime
  /** Holds the socket, the log and `data`. */
  readonly folder: string
  readonly port: number
  /** For TCP; undefined where the server listens on its socket only. */
  readonly password: string | undefined
  readonly durable: boolean
  readonly settings: { readonly [name: string]: string }
  readonly watchdog: Watchdog
  readonly timeoutMs: number
}

/**
 * For servers that live as long as a command or a test: all that Lockkeeper and the ORMs can make use of is on, and nothing is forced to the
 * disk, since the folder does not outlive a power cut. `durable` is for measuring as a real server would behave.
 */
const defaults = {
  max_connections: '200',
  max_prepared_transactions: '10',
  shared_preload_libraries: 'pg_stat_statements',
  synchronous_commit: 'on',
  wal_level: 'logical',
}
const tailLines = 30
/** The server ends by itself in 10 ms; this is for one that hangs. */
const giveUpMs = 5_000

/** Starts the server process and waits until it answers. Throws `embedded-failed` with the end of the log; leaves no process then. */
export async function startPostmaster(launch: Launch, signal: AbortSignal): Promise<Postmaster> {
  const { runtime, folder, watchdog } = launch
  signal.throwIfAborted()
  const command = programOf(runtime, 'postgres', argumentsOf(launch))
  const postmaster = spawnPostmaster(command, { folder, onEnd: () => watchdog.watch(undefined) })
  watchdog.watch(postmaster.pid)
  try {
    await until(async () => postmaster.hasEnded() || (await answers(postmaster, folder)), { signal })
  } catch (error) {
    await postmaster.end({ kill: 'SIGQUIT', limit: AbortSignal.timeout(giveUpMs) })
    throw new LockkeeperError('embedded-failed', `${nameOf(launch)} did not answer in time.\n${await readLogTail(folder)}`, {
      cause: error,
    })
  }
  if (postmaster.hasEnded()) throw new LockkeeperError('embedded-failed', `${nameOf(launch)} did not start.\n${await readLogTail(folder)}`)
  return postmaster
}

/** The last lines of the log; empty where there is none. */
export async function readLogTail(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-tailLines).join('\n')
}

/** A setting of the caller wins over ours, but not the address. */
function argumentsOf(launch: Launch): readonly string[] {
  const settings = {
    ...defaults,
    fsync: launch.durable ? 'on' : 'off',
    ...launch.settings,
    listen_addresses: launch.password === undefined ? '' : '127.0.0.1',
    port: String(launch.port),
    unix_socket_directories: launch.folder,
  }
  return ['-D', join(launch.folder, 'data'), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/**
 * The eighth line of postmaster.pid is the server's state since PostgreSQL 10 (pidfile.h, LOCK_FILE_LINE_PM_STATUS), which pg_ctl reads too;
 * `ready` means that it takes connections. The first line is the pid: after a crash an old file may lie there.
 */
async function answers(postmaster: Postmaster, folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  return Number(lines[0]) === postmaster.pid && lines[7]?.trim() === 'ready'
}

function nameOf(launch: Launch): string {
  return `PostgreSQL ${launch.runtime.version} (${launch.runtime.exact})`
}
