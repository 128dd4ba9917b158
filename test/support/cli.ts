import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Output } from '../../src/cli/command.ts'
import { runCommandLine } from '../../src/cli/program.ts'

const main = resolve(import.meta.dirname, '../../src/cli/main.ts')
const loader = import.meta.resolve('tsx')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The text in one line: where it is wrapped depends on the width. */
export function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

export interface CliOptions {
  readonly cwd?: string
  readonly env?: { readonly [name: string]: string }
  /** Standard input; closed at once where absent. */
  readonly input?: string
}

/** A running `lockkeeper`, as a child process without a terminal and without the surrounding DATABASE_URL. */
export interface RunningCli {
  readonly pid: number
  readonly done: Promise<Outcome>
  kill(signal: NodeJS.Signals): void
  /** Resolves when standard output or error holds the text; rejects when the process ends before. */
  said(text: string): Promise<void>
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], COLUMNS: '100', ...options.env }
  const child = spawn(process.execPath, ['--import', loader, main, ...args], { cwd: options.cwd ?? process.cwd(), env, stdio: 'pipe' })
  const out = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text
      for (const look of waiting) look()
    })
  }
  child.stdin.end(options.input ?? '')
  const done = new Promise<Outcome>((settle, fail) => child.once('error', fail).once('close', (status) => settle({ status, ...out })))
  const said = (text: string) =>
    new Promise<void>((settle, fail) => {
      const look = () => (out.stdout.includes(text) || out.stderr.includes(text) ? settle() : undefined)
      waiting.add(look)
      look()
      void done.then(() => fail(new Error(`ended without saying "${text}":\n${out.stdout}${out.stderr}`)))
    })
  return { pid: child.pid ?? 0, done, kill: (signal) => void child.kill(signal), said }
}

export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  return await startCli(args, options).done
}

/** A folder with these files, removed when it is disposed of. */
export interface Project extends AsyncDisposable {
  readonly folder: string
  write(files: { readonly [path: string]: string }): Promise<void>
}

export async function project(files: { readonly [path: string]: string }): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-cli-'))
  const write = async (more: { readonly [path: string]: string }) => {
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
  }
  await write(files)
  return { folder, write, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) }
}

/** The same command line in this process: much faster, for what needs no process of its own. */
export async function cliHere(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  const out = { stdout: '', stderr: '' }
  const collect = (name: 'stdout' | 'stderr'): Output => ({
    isTerminal: false,
    write(text) {
      out[name] += text
    },
  })
  const status = await runCommandLine(args, {
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? {},
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    width: Number(options.env?.['COLUMNS'] ?? 100),
    color: false,
    signal: new AbortController().signal,
    ask: undefined,
    readStandardInput: async () => await Promise.resolve(new TextEncoder().encode(options.input ?? '')),
  })
  return { status, ...out }
}
