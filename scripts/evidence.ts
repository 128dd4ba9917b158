import { cpus, release, totalmem, type } from 'node:os'
import type { Shard } from './shards.ts'
import { lastLine } from './vitest.ts'

export interface Evidence {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly shards: readonly Shard[]
}

/** The page in docs/evidence/: when, where, how, and what came of it. */
export function evidencePage({ date, commit, machine: where, node, shards }: Evidence): string {
  const rows = shards.map(({ name, env, result }) => {
    const versions = env['LOCKKEEPER_PG'] ?? '-'
    if (result === undefined) return `| ${name} | ${versions} | not run | | |`
    return `| ${name} | ${versions} | ${lastLine(result.counts)} | ${minutes(result.ms)} | ${result.date} |`
  })
  return `# Full tests, ${date}

- commit: ${commit}
- machine: ${where}
- node: ${node}
- command: \`npm run test:full\`

| shard | PostgreSQL | result | minutes | begun |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

/** The machine in words, without its name: `2 cores (AMD EPYC 7B13), 24 GiB, Linux 6.1.0`. */
export function machine(): string {
  const cores = cpus()
  return `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`
}

function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1)
}
