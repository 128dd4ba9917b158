import { mkdirSync, writeFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../src/embedded/start.ts'
import type { Facts } from '../src/model/facts.ts'
import { loadParser } from '../src/postgres/parse.ts'
import { forms } from '../test/support/lock-forms.ts'
import { probeForms } from '../test/support/probe-forms.ts'

/** All majors that Lockkeeper supports. */
const allVersions = '13,14,15,16,17,18'
const output = new URL('../docs/lock-matrix.jsonl', import.meta.url)

interface Group {
  readonly versions: readonly number[]
  readonly locks: { readonly [relation: string]: string }
  readonly rewrites: readonly string[]
  readonly builds: readonly string[]
  readonly scans: readonly string[]
}

// `npm run probe`: writes what each form does on our own servers, the versions that behave alike together. LOCKKEEPER_PG chooses them.
await loadParser()
const versions = (process.env['LOCKKEEPER_PG'] ?? allVersions).split(',').map(Number)
const seen = new Map<number, ReadonlyMap<string, Facts>>()
for (const version of versions) {
  process.stderr.write(`PostgreSQL ${version} ...\n`)
  seen.set(version, await probeVersion(version))
}
mkdirSync(new URL('.', output), { recursive: true })
writeFileSync(
  output,
  forms
    .map(
      (form) =>
        `${JSON.stringify({ id: form.id, sql: form.sql, ...(form.setup !== undefined && { setup: form.setup }), ...(form.session !== undefined && { session: form.session }), groups: groupsOf(form.id) })}\n`,
    )
    .join(''),
)

async function probeVersion(version: number): Promise<ReadonlyMap<string, Facts>> {
  await using server = await startPostgres({ version })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const probed = await probeForms({ version, databaseUrl: (name) => server.databaseUrl(name), admin: (sql) => client.query(sql) })
  await client.end()
  return new Map([...probed].map(([id, { observed }]) => [id, observed]))
}

function groupsOf(id: string): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const [version, facts] of seen) {
    const found = facts.get(id)
    if (found === undefined) continue
    const { locks, rewrites, builds, scans } = found
    const what = { locks: Object.fromEntries(locks.map(({ relation, mode }) => [relation, mode])), rewrites, builds, scans }
    const key = JSON.stringify(what)
    groups.set(key, { versions: [...(groups.get(key)?.versions ?? []), version], ...what })
  }
  return [...groups.values()]
}
