import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Launcher } from './launcher.ts'

/** What the process says once it has started its server, or failed to. */
export interface Said {
  readonly url: string
  readonly folder: string
  readonly pid: number
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

export interface Parent {
  readonly child: ChildProcess
  readonly said: Promise<Said>
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>
}

export interface ParentOptions {
  readonly ending?: string
  /** Where it looks for binaries that do not lie beside the launcher; by default this checkout. */
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
}

/** Starts a process of its own that starts a server: what happens when that process ends cannot be tried within the test. */
export function startParent(launcher: Launcher, { ending = 'wait', ...rest }: ParentOptions = {}): Parent {
  const child = spawn(process.execPath, [launcher.script, launcher.module, ending], { ...rest, stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const said = lines.next().then(({ value }) => JSON.parse(String(value ?? '{}')) as Said)
  const ended = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (status, signal) => resolve({ status, signal })),
  )
  return { child, said, ended }
}

/** A temporary folder of one test, which the user that runs the servers can reach too. */
export function makeTemporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'lk-tmp-'))
  chmodSync(path, 0o1777)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** The processes that belong to a server folder: those that name it, and those that work in it. Zombies name nothing. Linux only. */
export function processesOf(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandLine(pid).includes(folder) || workingFolder(pid).startsWith(folder))
}

/** The postmaster of a folder and its children. */
export function serversOf(folder: string): readonly number[] {
  return processesOf(folder).filter((pid) => commandLine(pid).includes('postgres'))
}

/** The watchdog of a folder. */
export function watchdogsOf(folder: string): readonly number[] {
  return processesOf(folder).filter((pid) => commandLine(pid).includes('lockkeeper-watchdog'))
}

/** Nothing is left of a server: no process, no folder. */
export function isGone(folder: string): boolean {
  return !existsSync(folder) && processesOf(folder).length === 0
}

function commandLine(pid: number): string {
  return orNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
}

function workingFolder(pid: number): string {
  return orNothing(() => readlinkSync(`/proc/${pid}/cwd`))
}

/** A process may end while we look at it. */
function orNothing(look: () => string): string {
  try {
    return look()
  } catch {
    return ''
  }
}
