import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../test/support/bundle.ts'
import { squawkProgram } from '../test/support/squawk.ts'
import { writeStaticFile, writeStaticFolder } from './_static-corpus.ts'
import { spread, type Spread } from './_spread.ts'

/** Milliseconds of whole processes, by case, one for each round. */
type Measured = { readonly [name: string]: readonly number[] }

interface Run {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
}

export interface StaticFigures {
  readonly files: number
  readonly cases: readonly { readonly case: string; readonly ms: Spread }[]
  readonly ratios: {
    readonly statementsPerSecond: number
    /** Our speed as a part of theirs, start of the process included, paired by round. */
    readonly vsSquawk: Spread
    readonly vsParseAlone: Spread
    /** All statements in one file against the same in files of ten: 1 is linear. */
    readonly oneFileVsFiles: Spread
    /** `lockkeeper --help` against `node -e 0`. */
    readonly helpVsBareNode: Spread
  }
}

/** `check --no-sandbox` of `files` migrations of ten statements, beside squawk and beside the parser alone. */
export async function measureStatic(cli: string, rounds: number, files = 1000): Promise<StaticFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-bench-static-'))
  try {
    const ms = await measure(await runsIn(folder, cli, files), rounds)
    return { files, cases: Object.entries(ms).map(([name, values]) => ({ case: name, ms: spread(values) })), ratios: ratiosOf(ms, files) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runsIn(folder: string, cli: string, files: number): Promise<{ readonly [name: string]: Run }> {
  const [many, one] = [join(folder, 'many'), join(folder, 'one')]
  for (const each of [many, one]) await mkdir(each)
  await writeStaticFolder(many, files)
  await writeStaticFile(one, files)
  const node = process.execPath
  const names = await readdir(many)
  const check = [cli, 'check', '.', '--no-sandbox', '--server', 'postgres@18', '--fail-on', 'never', '--format', 'ndjson']
  return {
    'static-check': { command: node, args: check, cwd: many },
    'static-squawk': { command: squawkProgram(), args: ['--reporter', 'json', ...names], cwd: many },
    'static-parse-alone': { command: node, args: [await bundle('bench/_parse-alone.ts'), '.'], cwd: many },
    'static-one-file': { command: node, args: check, cwd: one },
    'help': { command: node, args: [cli, '--help'], cwd: folder },
    'node-e-0': { command: node, args: ['-e', '0'], cwd: folder },
  }
}

async function measure(runs: { readonly [name: string]: Run }, rounds: number): Promise<Measured> {
  const ms: { [name: string]: number[] } = Object.fromEntries(Object.keys(runs).map((name) => [name, []]))
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      const took = await timed(run)
      if (round >= 0) ms[name]?.push(took)
    }
  }
  return ms
}

// squawk ends with 1 where it finds something.
async function timed({ command, args, cwd }: Run): Promise<number> {
  const began = performance.now()
  const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  const status = await new Promise((settle) => child.once('close', settle))
  if (status !== 0 && status !== 1) throw new Error(`${command} ended with ${String(status)}`)
  return performance.now() - began
}

function ratiosOf(ms: Measured, files: number): StaticFigures['ratios'] {
  const of = (name: string) => ms[name] ?? []
  const paired = (over: string, under: string): Spread => spread(of(over).map((value, round) => value / (of(under)[round] ?? Number.NaN)))
  return {
    statementsPerSecond: Math.round((files * 10 * 1000) / spread(of('static-check')).median),
    vsSquawk: paired('static-squawk', 'static-check'),
    vsParseAlone: paired('static-parse-alone', 'static-check'),
    oneFileVsFiles: paired('static-one-file', 'static-check'),
    helpVsBareNode: paired('help', 'node-e-0'),
  }
}
