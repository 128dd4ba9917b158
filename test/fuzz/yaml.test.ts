import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseYaml } from '../../src/adapters/_yaml.ts'
import { pgroll } from '../../src/adapters/pgroll.ts'
import { statementsOf } from '../../src/check/statements.ts'
import { postgresEngine } from '../../src/engines.ts'
import { deployJobs } from '../../src/verbs/sync-jobs.ts'
import { faultsOf } from '../support/fuzz.ts'
import { memoryFiles } from '../support/memory-files.ts'

const hours = 5_400_000
const engine = await postgresEngine()
const folder = 'test/cases/adapters/pgroll/migrations'
const named = readdirSync(folder)
const real = named.map((name) => readFileSync(join(folder, name)))

/** The same operations as YAML that shares, tags and folds, which no file of a project needs to do and each may. */
const unusual = [
  'base: &a {name: id, type: bigint, pk: true}\noperations:\n  - create_table: {name: t, columns: [*a, {<<: *a, name: b}]}\n',
  'operations:\n  - sql:\n      up: >-\n        CREATE TABLE t\n        (id int)\n      down: !!str |\n        DROP TABLE t\n',
  '%YAML 1.1\n---\n"operations": [{"sql": {"up": "SELECT 1", "onComplete": yes}}]\n...\n',
  'version_schema: 2026-01-01\noperations:\n- ? rename_table\n  : {from: a, to: 0o17}\n- drop_table: {name: ~}\n',
  'operations: &all\n  - sql: &one {up: SELECT 1}\n  - raise: *all\n',
].map((text) => Buffer.from(text))

test(
  'a file of pgroll in YAML or JSON gives statements that can be parsed, or is refused with file and line',
  { timeout: hours },
  async () => {
    const run = async (input: Buffer) => {
      for (const name of ['migrations/01_a.yaml', 'migrations/01_a.json']) {
        const files = memoryFiles({ [name]: input })
        await pgroll.recognises(files, 'migrations')
        const location = { source: 'pgroll', path: 'migrations' } as const
        const migrations = await pgroll.load(files, location, { signal: new AbortController().signal, dialect: engine.dialect })
        for (const migration of migrations) statementsOf(engine, migration)
      }
    }
    expect(await faultsOf({ name: 'pgroll', corpus: [...real, ...unusual], share: 0.04, run })).toEqual([])
  },
)

const pipelines = [
  'name: ci\non: [push]\njobs:\n  deploy-production:\n    environment: {name: production}\n    steps:\n      - run: npx prisma db push\n  test:\n    services: {postgres: {image: postgres}}\n',
  'stages: [test, deploy]\n.shared: &shared\n  script:\n    - npm ci\nmigrate:\n  <<: *shared\n  stage: deploy\n  environment: production\n',
].map((text) => Buffer.from(text))

test('of a pipeline the jobs that deploy are found with their lines, or it is refused', { timeout: hours }, async () => {
  const run = (input: Buffer) => {
    const text = input.toString('utf8')
    const last = text.split('\n').length
    for (const { from, to } of deployJobs('.github/workflows/deploy.yml', text))
      if (!(from >= 1 && from <= to && from <= last)) throw new Error(`a job from line ${from} to ${to} of ${last}`)
  }
  expect(await faultsOf({ name: 'pipelines', corpus: [...pipelines, ...unusual], share: 0.02, run })).toEqual([])
})

test('what is mutated is YAML', () => {
  const parses = [...real, ...unusual, ...pipelines].map((bytes) => parseYaml('a.yaml', bytes.toString('utf8')).value)
  expect(parses.every((value) => typeof value === 'object' && value !== null)).toBe(true)
})
