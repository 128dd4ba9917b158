import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VitestResult } from './vitest.ts'

/** A part of the full tests that runs in one go. */
export interface Shard {
  /** `servers-13`, `full-13`. */
  readonly name: string
  readonly args: readonly string[]
  readonly env: { readonly [name: string]: string }
  /** Absent where it has not run on this commit. */
  readonly result?: VitestResult & { readonly date: string; readonly ms: number }
}

/** Five kills each: `npm test` takes two seeds. */
const killSeeds = '10'

/** Random backfills: `npm test` takes 40. */
const backfillCases = '500'

/** `npm test` takes 20,000. */
const mutatedInputs = '1000000'

/** One shard for what needs no server, one for mutated inputs, then two for each major: the tests of `npm test` with more seeds, and those of the full tier. */
export function shardsFor(versions: readonly number[]): readonly Shard[] {
  const pure: Shard = { name: 'pure', args: [], env: { LOCKKEEPER_TIER: 'pure' } }
  const fuzz: Shard = { name: 'fuzz', args: [], env: { LOCKKEEPER_TIER: 'fuzz', LOCKKEEPER_FUZZ: mutatedInputs } }
  const more = { LOCKKEEPER_KILL_SEEDS: killSeeds, LOCKKEEPER_BACKFILL_CASES: backfillCases }
  const perVersion = versions.flatMap((version): Shard[] => {
    const only = { LOCKKEEPER_PG: String(version) }
    return [
      { name: `servers-${version}`, args: [], env: { ...only, LOCKKEEPER_TIER: 'servers', ...more } },
      { name: `full-${version}`, args: ['--passWithNoTests'], env: { ...only, LOCKKEEPER_TIER: 'full' } },
    ]
  })
  return [pure, fuzz, ...perVersion]
}

/** The commit that is tested; with `+changes` where files differ from it, so that its results are never taken for the commit's. */
export function commitOfRun(root: string): string {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', timeout: 30_000 }).trim()
  const changed = git('status', '--porcelain', '--', 'src', 'test', 'scripts', 'package-lock.json', 'vitest.config.ts') !== ''
  return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? '+changes' : ''}`
}

/** The shards with the results that an earlier run of the same commit left; none of them where files differ from the commit. */
export function readShards(folder: string, commit: string, wanted: readonly Shard[]): readonly Shard[] {
  const file = join(folder, `${commit}.json`)
  if (commit.endsWith('+changes') || !existsSync(file)) return wanted
  const known = JSON.parse(readFileSync(file, 'utf8')) as readonly Shard[]
  return wanted.map((shard) => known.find((each) => each.name === shard.name) ?? shard)
}

export function writeShards(folder: string, commit: string, shards: readonly Shard[]): void {
  writeFileSync(join(folder, `${commit}.json`), JSON.stringify(shards, null, 2))
}
