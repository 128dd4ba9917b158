import { LockkeeperError } from '../model/errors.ts'
import { onProcessExit } from './exit-hook.ts'
import { readLogTail, startPostmaster, type Launch } from './launch.ts'
import type { Postmaster } from './postmaster.ts'
import { removeServerFolder, removeServerFolderNow } from './server-folder.ts'
import { unprivilegedRole } from './template.ts'
import { urlOf } from './url.ts'

/** A PostgreSQL that runs until it is stopped, or until this process ends, however it does. */
export interface EmbeddedServer extends AsyncDisposable {
  /** The major. */
  readonly version: number
  /** Superuser postgres, database postgres. */
  readonly url: string
  /** The same database for SQL that nobody vouches for: its owner, who is no superuser. Only on the socket, not with `tcp`. */
  readonly unprivilegedUrl: string
  readonly socketFolder: string
  readonly port: number
  /** Holds everything of the server; gone after `stop`. */
  readonly folder: string
  /** Of the postmaster; another one after `restart`. */
  readonly pid: number
  /** As superuser postgres; does not create the database. */
  databaseUrl(name: string): string
  /** Ends the server and starts it again on the same data, address and settings; `immediate` as a crash would, with recovery. */
  restart(mode?: 'fast' | 'immediate'): Promise<void>
  /** Ends the server at once, cutting off its clients, and removes its folder. The second call waits for the first. */
  stop(): Promise<void>
  /** The last lines of the server's log. */
  logTail(): Promise<string>
}

/** The postmaster kills its children 5 s after SIGQUIT (postmaster.c, SIGKILL_CHILDREN_AFTER_SECS). */
const stopMs = 10_000
/** An immediate shutdown takes 10 ms; the watchdog goes on with what is not gone by then. */
const exitMs = 3_000

export class Server implements EmbeddedServer {
  readonly version: number
  readonly url: string
  readonly unprivilegedUrl: string
  readonly socketFolder: string
  readonly port: number
  readonly folder: string
  readonly #launch: Launch
  readonly #forget: () => void
  #postmaster: Postmaster
  #stopped: Promise<void> | undefined

  /** Takes over a server that was started with `launch`. */
  constructor(launch: Launch, postmaster: Postmaster) {
    this.#launch = launch
    this.#postmaster = postmaster
    this.version = launch.runtime.version
    this.socketFolder = launch.folder
    this.port = launch.port
    this.folder = launch.folder
    this.url = this.databaseUrl('postgres')
    this.unprivilegedUrl = urlOf({ ...launch, password: undefined }, 'postgres', unprivilegedRole)
    this.#forget = onProcessExit(() => this.#endNow())
  }

  get pid(): number {
    return this.#postmaster.pid
  }

  databaseUrl(name: string): string {
    return urlOf(this.#launch, name)
  }

  async restart(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const { timeoutMs } = this.#launch
    if (this.#stopped !== undefined)
      throw new LockkeeperError('embedded-failed', `PostgreSQL ${this.version} was stopped; start a new one.`)
    await this.#end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', timeoutMs)
    this.#postmaster = await startPostmaster(this.#launch, AbortSignal.timeout(timeoutMs))
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  logTail(): Promise<string> {
    return readLogTail(this.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(): Promise<void> {
    await this.#end('SIGQUIT', stopMs)
    // The watchdog's rm is four times as fast as ours, which is for where the watchdog was killed.
    await this.#launch.watchdog.release()
    await removeServerFolder(this.folder)
    this.#forget()
  }

  async #end(kill: 'SIGINT' | 'SIGQUIT', limitMs: number): Promise<void> {
    if (!this.#postmaster.hasEnded()) await this.#postmaster.end({ kill, limit: AbortSignal.timeout(limitMs) })
  }

  #endNow(): void {
    if (!this.#postmaster.hasEnded()) this.#postmaster.endNow(exitMs)
    removeServerFolderNow(this.folder)
    this.#launch.watchdog.watch(undefined)
  }
}
