import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from '../test/support/bundle.ts'
import { thisMachine } from './_machine.ts'
import { writePrismaFolder } from './_prisma-folder.ts'
import type { Spread } from './_spread.ts'
import { spread } from './_spread.ts'
import { measureStatic, type StaticFigures } from './_static.ts'

const { values: flags } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string' }, migrations: { type: 'string' } } })
const count = Number(flags.migrations ?? 200)
const rounds = Number(flags.rounds ?? 5)
const cli = resolve(import.meta.dirname, '../dist/cli/main.js')

/**
 * A Prisma folder of 200 migrations without a database: `check` of the last one against what the replay alone costs, in paired rounds. Then
 * 10,000 statements without a sandbox, beside squawk and the parser alone.
 */
async function main(): Promise<void> {
  build()
  const bare = await bundle('bench/_bare-replay.ts')
  const folder = await mkdtemp(join(tmpdir(), 'lk-bench-check-'))
  try {
    const last = await writePrismaFolder(folder, count)
    const cases: { readonly [name: string]: readonly string[] } = {
      'bare-replay': [bare, join(folder, 'prisma/migrations')],
      'check-last': [cli, 'check', last, '--fail-on', 'never', '--json'],
      'check-all': [cli, 'check', '--fail-on', 'never', '--json'],
    }
    const ms = await measure(cases, folder)
    report(ms, await measureStatic(cli, rounds))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What users run is built; a loader that compiles while it runs would be measured instead. The baseline is built the same way. */
function build(): void {
  const built = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: ['ignore', 2, 2],
  })
  if (built.status !== 0) throw new Error('the build failed')
}

type Measured = { readonly [name: string]: readonly number[] }

async function measure(cases: { readonly [name: string]: readonly string[] }, cwd: string): Promise<Measured> {
  const ms: { [name: string]: number[] } = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
  // One round beforehand fills the caches of the file system and of the embedded server's template.
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, args] of Object.entries(cases)) {
      const took = await timed(args, cwd)
      if (round >= 0) ms[name]?.push(took)
    }
  }
  return ms
}

async function timed(args: readonly string[], cwd: string): Promise<number> {
  const began = performance.now()
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  const child = spawn(process.execPath, [...args], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const status = await new Promise((settle) => child.once('close', settle))
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}`)
  return performance.now() - began
}

function report(ms: Measured, figures: StaticFigures): void {
  const of = (name: string) => ms[name] ?? []
  const paired = (name: string): Spread => spread(of(name).map((value, round) => value / (of('bare-replay')[round] ?? Number.NaN)))
  const document = {
    format: 1,
    bench: 'check',
    machine: thisMachine(),
    migrations: count,
    rounds,
    cases: [...Object.keys(ms).map((name) => ({ case: name, ms: spread(of(name)) })), ...figures.cases],
    ratios: {
      checkLastVsBareReplay: paired('check-last'),
      checkAllVsBareReplay: paired('check-all'),
      ...figures.ratios,
    },
  }
  if (flags.json === true) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  else process.stdout.write(text(document))
}

interface Document {
  readonly cases: readonly { readonly case: string; readonly ms: Spread }[]
  readonly ratios: {
    readonly checkLastVsBareReplay: Spread
    readonly checkAllVsBareReplay: Spread
  } & StaticFigures['ratios']
}

function text({ cases, ratios }: Document): string {
  const lines = cases.map(
    (one) =>
      `${one.case.padEnd(20)} ${String(Math.round(one.ms.median)).padStart(6)} ms  (${Math.round(one.ms.min)} to ${Math.round(one.ms.max)})`,
  )
  const end = [
    `check of the last migration takes ${ratios.checkLastVsBareReplay.median} times the bare replay (bar: 1.5); of all, ${ratios.checkAllVsBareReplay.median} times`,
    `without a sandbox ${ratios.statementsPerSecond} statements a second: ${ratios.vsSquawk.median} of squawk's speed, ${ratios.vsParseAlone.median} of the parser's alone (bars: 0.3)`,
    `in one file ${ratios.oneFileVsFiles.median} times the time of files of ten; --help takes ${ratios.helpVsBareNode.median} times a bare node (bar: 2.2)`,
  ]
  return `${[...lines, ...end].join('\n')}\n`
}

await main()
