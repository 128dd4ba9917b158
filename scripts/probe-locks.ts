import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startPostgres, type EmbeddedServer } from '../src/embedded/start.ts'
import type { Facts } from '../src/model/facts.ts'
import type { Measured } from '../src/model/measured.ts'
import { hazards } from '../src/postgres/hazards/index.ts'
import { loadParser } from '../src/postgres/parse.ts'
import { connect } from '../src/postgres/session.ts'
import { forms } from '../test/support/lock-forms.ts'
import { observeExample, type SeenExample } from '../test/support/observe-examples.ts'
import { probeForms } from '../test/support/probe-forms.ts'

/** All majors that Lockkeeper supports. */
const allVersions = '13,14,15,16,17,18'
const matrixFile = new URL('../docs/lock-matrix.jsonl', import.meta.url)
const measuredFile = new URL('../src/postgres/measured-locks.ts', import.meta.url)

interface Group {
  readonly versions: readonly number[]
  readonly locks: { readonly [relation: string]: string }
  readonly rewrites: readonly string[]
  readonly builds: readonly string[]
  readonly scans: readonly string[]
}

interface Probed {
  readonly version: number
  readonly forms: ReadonlyMap<string, Facts>
  /** By the rule's id. */
  readonly examples: ReadonlyMap<string, SeenExample>
}

// `npm run probe`: writes what each form, and the first example of each rule, does on our own servers; versions that behave alike
// stand together. LOCKKEEPER_PG chooses them; `npm run probe -- examples` leaves the forms as they are.
await loadParser()
const wantsForms = !process.argv.includes('examples')
const versions = (process.env['LOCKKEEPER_PG'] ?? allVersions).split(',').map(Number)
const probed: Probed[] = []
for (const version of versions) {
  process.stderr.write(`PostgreSQL ${version} ...\n`)
  probed.push(await probeVersion(version))
}
if (wantsForms)
  writeFileSync(matrixFile, forms.map((form) => `${JSON.stringify({ ...named(form), groups: groupsOf(form.id) })}\n`).join(''))
writeFileSync(measuredFile, measuredSource())
spawnSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', fileURLToPath(measuredFile)], { stdio: ['ignore', 'ignore', 'inherit'] })

async function probeVersion(version: number): Promise<Probed> {
  await using server = await startPostgres({ version })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const probing = { version, databaseUrl: (name: string) => server.databaseUrl(name), admin: (sql: string) => client.query(sql) }
  const seen = wantsForms ? [...(await probeForms(probing))] : []
  const examples = await probeExamples(server, client)
  await client.end()
  return { version, forms: new Map(seen.map(([id, { observed }]) => [id, observed])), examples }
}

async function probeExamples(server: EmbeddedServer, client: pg.Client): Promise<ReadonlyMap<string, SeenExample>> {
  await client.query('CREATE DATABASE examples')
  const session = await connect({ url: server.databaseUrl('examples'), applicationName: 'lockkeeper prober', schema: 'public' })
  const seen = new Map<string, SeenExample>()
  for (const { id, examples } of hazards) seen.set(id, await observeExample(examples.hazardous[0] ?? '', session))
  await session.close()
  return seen
}

function named({ id, sql, setup, session }: (typeof forms)[number]): object {
  return { id, sql, ...(setup !== undefined && { setup }), ...(session !== undefined && { session }) }
}

function groupsOf(id: string): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const { version, forms: seen } of probed) {
    const found = seen.get(id)
    if (found === undefined) continue
    const { locks, rewrites, builds, scans } = found
    const what = { locks: Object.fromEntries(locks.map(({ relation, mode }) => [relation, mode])), rewrites, builds, scans }
    const key = JSON.stringify(what)
    groups.set(key, { versions: [...(groups.get(key)?.versions ?? []), version], ...what })
  }
  return [...groups.values()]
}

function measuredSource(): string {
  const entries = hazards.map(({ id }) => `  ${JSON.stringify(id)}: ${JSON.stringify(measuredOf(id))},\n`)
  return `// Written by \`npm run probe\` from what our servers did. Do not edit.
import type { Measured } from '../model/measured.ts'

/** By rule: what its first hazardous example did, the versions that behave alike together. */
export const measuredLocks: { readonly [rule: string]: readonly Measured[] } = {
${entries.join('')}}
`
}

function measuredOf(id: string): readonly Measured[] {
  const groups = new Map<string, Measured>()
  for (const { version, examples } of probed) {
    const seen = examples.get(id)
    if (seen === undefined) continue
    const what = seen.kind === 'refused' ? { did: [], refused: seen.message } : { did: wordsOf(seen.observed) }
    const key = JSON.stringify(what)
    groups.set(key, { versions: [...(groups.get(key)?.versions ?? []), version], ...what })
  }
  return [...groups.values()]
}

function wordsOf({ locks, rewrites, builds, scans }: Facts): readonly string[] {
  return [
    ...locks.map(({ relation, mode }) => `${mode} on ${relation}`),
    ...rewrites.map((relation) => `rewrites ${relation}`),
    ...builds.map((relation) => `builds an index on ${relation}`),
    ...scans.map((relation) => `reads all of ${relation}`),
  ]
}
