import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Project } from './project.ts'

const startModule = fileURLToPath(new URL('../../src/embedded/start.ts', import.meta.url))
const script = fileURLToPath(new URL('embedded-parent.ts', import.meta.url))

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
  /** Resolves when it is about to start its server. */
  readonly starting: Promise<void>
  readonly said: Promise<Said>
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>
}

export interface ParentOptions {
  readonly options?: object
  readonly ending?: string
  /** A copy of the launcher instead of this checkout's. */
  readonly project?: Pick<Project, 'script' | 'module' | 'folder'>
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
}

/** Starts a process of its own that starts a server: what happens when that process ends cannot be tried within the test. */
export function startParent({ options = {}, ending = 'wait', project, ...rest }: ParentOptions = {}): Parent {
  const program = project === undefined ? ['--import', import.meta.resolve('tsx'), script, startModule] : [project.script, project.module]
  const child = spawn(process.execPath, [...program, JSON.stringify(options), ending], {
    ...rest,
    cwd: project?.folder ?? process.cwd(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const starting = lines.next().then(() => undefined)
  const said = starting.then(() => lines.next()).then(({ value }) => JSON.parse(String(value ?? '{}')) as Said)
  const ended = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (status, signal) => resolve({ status, signal })),
  )
  return { child, starting, said, ended }
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
    .filter((name) => /^\d+$/.test(name) && belongs(name, folder))
    .map(Number)
}

/** Nothing is left of a server: no process, no folder. */
export function isGone(folder: string): boolean {
  return !existsSync(folder) && processesOf(folder).length === 0
}

function belongs(pid: string, folder: string): boolean {
  try {
    const named = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').includes(folder)
    return named || readlinkSync(join('/proc', pid, 'cwd')).startsWith(folder)
  } catch {
    return false
  }
}
