import { LockkeeperError } from '../model/errors.ts'
import { findBinaries, type Binaries } from './binaries.ts'
import { giveTo } from './identity.ts'
import { startPostmaster, type Launch } from './launch.ts'
import { onFreePort, socketPort } from './port.ts'
import { findRuntime, type Runtime } from './runtime.ts'
import { makeServerFolder, newServerFolder, removeServerFolder } from './server-folder.ts'
import { Server, type EmbeddedServer } from './server.ts'
import { sweepStaleFolders } from './sweep.ts'
import { layDataFolder } from './template.ts'
import { startWatchdog } from './watchdog.ts'

export { availableVersions } from './binaries.ts'
export type { EmbeddedServer } from './server.ts'

export interface StartOptions {
  /** The major; 18 by default. */
  readonly version?: number
  /** Listens on 127.0.0.1 too, at a free port and with a password, which is in the URL; by default only on a socket in a private folder. */
  readonly tcp?: boolean
  /** Server settings, over those of launch.ts. */
  readonly settings?: { readonly [name: string]: string }
  /** Ends the start; a server that runs already is not affected. */
  readonly signal?: AbortSignal
  /** For the start, and for each restart; 60 s by default. */
  readonly timeoutMs?: number
  /** Forces commits to the disk, as a real server does; for measurements. Off by default. */
  readonly durable?: boolean
}

const newest = 18
/** The first start of a version also makes its template. */
const defaultTimeoutMs = 60_000

/**
 * Starts a private PostgreSQL from the npm binaries. It ends with this process, and its folder goes with it, after kill -9 too.
 * Throws `embedded-unavailable` where it cannot run here, saying what is missing; `embedded-failed` with the last lines of the log;
 * `interrupted` when the signal is aborted.
 */
export async function startPostgres(options: StartOptions = {}): Promise<EmbeddedServer> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
  try {
    return await startFrom(findBinaries(options.version ?? newest), options, signal)
  } catch (error) {
    throw explain(error, options, limit)
  }
}

function explain(error: unknown, { signal, version = newest }: StartOptions, limit: AbortSignal): LockkeeperError {
  if (signal?.aborted === true)
    return new LockkeeperError('interrupted', `The start of PostgreSQL ${version} was interrupted.`, { cause: error })
  if (error instanceof LockkeeperError) return error
  const what = limit.aborted ? 'was not up in the time given' : `could not be started: ${String(error)}`
  return new LockkeeperError('embedded-failed', `PostgreSQL ${version} ${what}.`, { cause: error })
}

async function startFrom(binaries: Binaries, options: StartOptions, signal: AbortSignal): Promise<Server> {
  await sweepStaleFolders()
  const folder = newServerFolder()
  const watchdog = startWatchdog(folder)
  try {
    await makeServerFolder(folder)
    const runtime = await runtimeOf(binaries, folder, signal)
    const password = await layDataFolder(runtime, folder, signal)
    return await startIn({ runtime, folder, watchdog, password }, options, signal)
  } catch (error) {
    await removeServerFolder(folder)
    await watchdog.release()
    throw error
  }
}

const runtimes = new Map<string, Runtime>()

/** Asked once for a version: how the binaries can be run does not change while the process lives. */
async function runtimeOf(binaries: Binaries, folder: string, signal: AbortSignal): Promise<Runtime> {
  const runtime = runtimes.get(binaries.exact) ?? (await findRuntime(binaries, folder, signal))
  runtimes.set(binaries.exact, runtime)
  await giveTo(runtime.identity, folder)
  return runtime
}

type Laid = Pick<Launch, 'runtime' | 'folder' | 'watchdog'> & { readonly password: string }

function startIn(laid: Laid, options: StartOptions, signal: AbortSignal): Promise<Server> {
  const { durable = false, settings = {}, timeoutMs = defaultTimeoutMs, tcp = false } = options
  const launch = { ...laid, durable, settings, timeoutMs }
  if (!tcp) return startOn({ ...launch, password: undefined, port: socketPort }, signal)
  return onFreePort((port) => startOn({ ...launch, port }, signal))
}

async function startOn(launch: Launch, signal: AbortSignal): Promise<Server> {
  return new Server(launch, await startPostmaster(launch, signal))
}
