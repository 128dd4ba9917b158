import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { postgresEngine } from '../src/engines.ts'
import { bundle } from '../test/support/bundle.ts'
import { thisMachine } from './_machine.ts'
import { migrationSql, writePrismaFolder } from './_prisma-folder.ts'
import type { Spread } from './_spread.ts'
import { spread } from './_spread.ts'

const { values: flags } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string' }, migrations: { type: 'string' } } })
const count = Number(flags.migrations ?? 200)
const rounds = Number(flags.rounds ?? 5)
const cli = resolve(import.meta.dirname, '../dist/cli/main.js')

/** A Prisma folder of 200 migrations without a database: `check` of the last one against what the replay alone costs, in paired rounds. */
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
    report(ms, await judgeSpeed())
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

interface Speed {
  readonly statements: number
  readonly parseMs: number
  readonly judgeMs: number
}

/** Without any server: parsing alone, and parsing with prediction of facts and all rules. */
async function judgeSpeed(): Promise<Speed> {
  const engine = await postgresEngine()
  const { checkPredicted } = await import('./_check-predicted.ts')
  const scripts = Array.from({ length: count }, (_, at) => new TextEncoder().encode(migrationSql(at)))
  const began = performance.now()
  const statements = scripts.reduce((sum, script) => sum + engine.parse(script).length, 0)
  const parseMs = performance.now() - began
  const again = performance.now()
  checkPredicted(engine, scripts)
  return { statements, parseMs, judgeMs: performance.now() - again }
}

function report(ms: Measured, speed: Speed): void {
  const of = (name: string) => ms[name] ?? []
  const paired = (name: string): Spread => spread(of(name).map((value, round) => value / (of('bare-replay')[round] ?? Number.NaN)))
  const document = {
    format: 1,
    bench: 'check',
    machine: thisMachine(),
    migrations: count,
    rounds,
    cases: Object.keys(ms).map((name) => ({ case: name, ms: spread(of(name)) })),
    ratios: {
      checkLastVsBareReplay: paired('check-last'),
      checkAllVsBareReplay: paired('check-all'),
      statementsPerSecond: Math.round((speed.statements / speed.judgeMs) * 1000),
      vsParseAlone: Math.round((speed.judgeMs / speed.parseMs) * 100) / 100,
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
    readonly statementsPerSecond: number
    readonly vsParseAlone: number
  }
}

function text({ cases, ratios }: Document): string {
  const lines = cases.map(
    (one) =>
      `${one.case.padEnd(12)} ${String(Math.round(one.ms.median)).padStart(6)} ms  (${Math.round(one.ms.min)} to ${Math.round(one.ms.max)})`,
  )
  const end = [
    `check of the last migration takes ${ratios.checkLastVsBareReplay.median} times the bare replay (bar: 1.5); of all, ${ratios.checkAllVsBareReplay.median} times`,
    `${ratios.statementsPerSecond} statements a second without a server, ${ratios.vsParseAlone} times parsing alone`,
  ]
  return `${[...lines, ...end].join('\n')}\n`
}

await main()
