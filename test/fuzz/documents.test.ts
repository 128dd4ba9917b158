import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drizzle } from '../../src/adapters/drizzle.ts'
import { prisma } from '../../src/adapters/prisma.ts'
import { loadConfig } from '../../src/cli/config.ts'
import { readPlanFile } from '../../src/cli/plan-file.ts'
import { settingsOf } from '../../src/cli/settings.ts'
import { postgresEngine } from '../../src/engines.ts'
import type { Adapter, Files } from '../../src/model/adapter.ts'
import { formatSql } from '../../src/plan/format-sql.ts'
import { planJson, planText } from '../../src/report/plan.ts'
import { readStatsFile } from '../../src/verbs/stats-file.ts'
import { touchedHash } from '../../src/verbs/touched.ts'
import { faultsOf } from '../support/fuzz.ts'
import { memoryFiles } from '../support/memory-files.ts'
import { plansOfCases } from '../support/planned.ts'

const hours = 5_400_000
const style = { color: false, width: 100 }
const engine = await postgresEngine()
const scriptTarget = { dialect: engine.dialect, version: 18 }
const catalog = engine.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-fuzz-'))
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

function documents(...values: readonly unknown[]): readonly Buffer[] {
  return values.flatMap((value) => [Buffer.from(JSON.stringify(value)), Buffer.from(JSON.stringify(value, null, 2))])
}

const configs = documents(
  { source: 'prisma', migrations: 'prisma/migrations', failOn: 'warning', allow: ['drop-table'], lockTimeout: '100ms', maxAttempts: 3 },
  { databaseUrl: 'postgres://localhost/db', window: '02:00-04:00', server: 'postgres@13', statementTimeout: '30s', replicaUrls: [] },
  {},
)

test(
  'a configuration is taken, or refused with the key that is wrong',
  async () => {
    const run = async (input: Buffer) => {
      await writeFile(join(folder, 'lockkeeper.config.json'), input)
      const { config } = await loadConfig(folder, 'lockkeeper.config.json')
      settingsOf({}, config)
    }
    expect(await faultsOf({ name: 'config', corpus: configs, share: 0.05, run })).toEqual([])
  },
  hours,
)

const statistics = {
  format: 1,
  server: { flavor: 'postgresql', version: 18, fullVersion: '18.4' },
  takenAt: '2026-11-20T10:00:00.000Z',
  speed: { scans: [{ relation: 'public.t', bytesPerSecond: 1e9 }], sortedRowsPerSecond: 4e6 },
  relations: {
    'public.t': { rows: 1000, bytes: 16_384, pages: 2, analyzedAt: '2026-11-20T09:00:00Z', indexes: { t_pkey: 8192 } },
    'public.u': { bytes: 0, pages: 0, indexes: {} },
  },
}
const indexed = engine.parse(Buffer.from('create index on public.t (a)'))

test(
  'a stats file gives estimates, or is refused',
  async () => {
    const run = async (input: Buffer) => {
      await writeFile(join(folder, 'stats.json'), input)
      const read = await readStatsFile(folder, 'stats.json')
      for (const statement of indexed) {
        const judged = { statement, facts: engine.facts(statement, catalog), before: { ...catalog, knowledge: 'partial' as const } }
        const estimated = engine.estimate(judged, [judged], read)
        if (estimated.kind === 'range' && !(estimated.estimate.lowMs <= estimated.estimate.highMs))
          throw new Error('a range without a width')
      }
    }
    expect(await faultsOf({ name: 'stats', corpus: documents(statistics), share: 0.05, run })).toEqual([])
  },
  hours,
)

test(
  'a plan file can be shown, written as a script and compared, or is refused',
  async () => {
    const run = async (input: Buffer) => {
      await writeFile(join(folder, 'plan.json'), input)
      const read = await readPlanFile(folder, 'plan.json')
      planText(style, read)
      formatSql(read, scriptTarget)
      planJson(read)
      touchedHash(read.migrations, catalog)
    }
    expect(
      await faultsOf({ name: 'plan', corpus: plansOfCases(catalog).map((made) => Buffer.from(planJson(made))), share: 0.1, run }),
    ).toEqual([])
  },
  hours,
)

async function loaded(adapter: Adapter, files: Files, path: string): Promise<void> {
  const location = await adapter.recognises(files, path)
  if (location === undefined) return
  const migrations = await adapter.load(files, location, { signal: new AbortController().signal, dialect: engine.dialect })
  for (const migration of migrations) if (migration.body.kind === 'sql') engine.parse(migration.body.bytes)
}

const journals = documents({
  version: '7',
  dialect: 'postgresql',
  entries: [
    { idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_a', breakpoints: true },
    { idx: 1, version: '7', when: 1_700_000_000_001, tag: '0001_b', breakpoints: true },
  ],
})
const script = 'CREATE TABLE a (id int)\n--> statement-breakpoint\nCREATE INDEX ON a (id);'

test(
  'a journal of Drizzle, its snapshots and its configuration are read, or refused with file and line',
  async () => {
    const run = async (input: Buffer) => {
      await loaded(
        drizzle,
        memoryFiles({ 'drizzle/meta/_journal.json': input, 'drizzle/0000_a.sql': script, 'drizzle/0001_b.sql': 'SELECT 1' }),
        'drizzle',
      )
      const snapshots = { 'drizzle/20260101000000_a/migration.sql': script, 'drizzle/20260101000000_a/snapshot.json': input }
      await loaded(drizzle, memoryFiles({ ...snapshots, 'drizzle.config.ts': input }), 'drizzle')
    }
    const configuration = Buffer.from(`export default defineConfig({ out: './drizzle', migrations: { table: 'm', schema: 'public' } })`)
    expect(await faultsOf({ name: 'drizzle', corpus: [...journals, configuration], share: 0.07, run })).toEqual([])
  },
  hours,
)

test(
  'a folder of Prisma is read, or refused with file and line',
  async () => {
    const run = async (input: Buffer) => {
      await loaded(
        prisma,
        memoryFiles({ 'prisma/migrations/migration_lock.toml': input, 'prisma/migrations/1_a/migration.sql': script }),
        'prisma',
      )
      const others = { 'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n', 'prisma/schema.prisma': input }
      await loaded(prisma, memoryFiles({ ...others, 'prisma/migrations/1_a/migration.sql': input }), 'prisma')
    }
    const corpus = [
      '# Please do not edit this file manually\nprovider = "postgresql"\n',
      'generator client {\n  provider = "prisma-client"\n}\ndatasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n',
      script,
    ]
    expect(await faultsOf({ name: 'prisma', corpus: corpus.map((each) => Buffer.from(each)), share: 0.08, run })).toEqual([])
  },
  hours,
)
