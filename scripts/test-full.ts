import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { evidencePage, machine } from './evidence.ts'
import { commitOfRun, readShards, shardsFor, writeShards, type Shard } from './shards.ts'
import { lastLine, runVitest, versionsToTest } from './vitest.ts'

/** A shard must end in one sitting; what takes longer belongs into two. */
const shardLimitMs = 90 * 60_000
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.lockkeeper', 'test-full')

// `npm run test:full [-- --fresh] [SHARD...]`: runs the shards that have not passed on this commit; run it again to go on.
process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  mkdirSync(folder, { recursive: true })
  const commit = commitOfRun(root)
  const wanted = shardsFor(versionsToTest(process.env['LOCKKEEPER_PG'], '13,14,15,16,17,18'))
  let shards = words.includes('--fresh') ? wanted : readShards(folder, commit, wanted)
  for (const shard of shards.filter((each) => isAsked(each, words) && each.result?.status !== 0)) {
    const done = await runShard(shard)
    shards = shards.map((each) => (each.name === done.name ? done : each))
    writeShards(folder, commit, shards)
    writeEvidence(commit, shards)
    if ((done.result?.status ?? 0) > 128) break
  }
  return report(shards)
}

function isAsked(shard: Shard, words: readonly string[]): boolean {
  const names = words.filter((word) => !word.startsWith('-'))
  return names.length === 0 || names.includes(shard.name)
}

async function runShard(shard: Shard): Promise<Shard> {
  console.log(`shard ${shard.name}`)
  const begin = Date.now()
  const run = await runVitest({ args: shard.args, env: shard.env, countsFile: join(folder, 'counts.json'), limitMs: shardLimitMs })
  console.log(`shard ${shard.name}: ${lastLine(run.counts)}`)
  return { ...shard, result: { ...run, date: new Date(begin).toISOString(), ms: Date.now() - begin } }
}

function writeEvidence(commit: string, shards: readonly Shard[]): void {
  const date = new Date().toISOString().slice(0, 10)
  const path = join(root, 'docs', 'evidence', `full-${date}.md`)
  mkdirSync(join(root, 'docs', 'evidence'), { recursive: true })
  writeFileSync(path, evidencePage({ date, commit, machine: machine(), node: process.version, shards }))
}

function report(shards: readonly Shard[]): number {
  const left = shards.filter((shard) => shard.result?.status !== 0)
  for (const shard of left) console.error(`shard ${shard.name} ${shard.result === undefined ? 'has not run' : 'failed'}`)
  const sum = (kind: 'passed' | 'failed' | 'skipped'): number =>
    shards.reduce((total, shard) => total + (shard.result?.counts[kind] ?? 0), 0)
  console.log(lastLine({ passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }))
  return left.length === 0 ? 0 : 1
}
