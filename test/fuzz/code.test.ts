import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { knex } from '../../src/adapters/knex.ts'
import { kysely } from '../../src/adapters/kysely.ts'
import { mikroOrm } from '../../src/adapters/mikro-orm.ts'
import { nodePgMigrate } from '../../src/adapters/node-pg-migrate.ts'
import { sequelize } from '../../src/adapters/sequelize.ts'
import { statementsOf } from '../../src/check/statements.ts'
import { postgresEngine } from '../../src/engines.ts'
import type { Adapter } from '../../src/model/adapter.ts'
import { faultsOf } from '../support/fuzz.ts'
import { codeProject } from '../support/orm/code-load.ts'

/** A source whose migrations are run to be read. */
interface CodeCase {
  readonly adapter: Adapter
  /** Below test/cases/adapters. */
  readonly root: string
  readonly folder: string
  /** Beside the folder: what the source reads of the project. */
  readonly config: readonly string[]
  /** The one migration that stands in the folder, under an ending that takes what all of them hold. */
  readonly file: string
}

const cases: readonly CodeCase[] = [
  { adapter: knex, root: 'knex', folder: 'db/migrations', config: ['knexfile.js', 'package.json'], file: '20260210101510_one.ts' },
  { adapter: kysely, root: 'kysely', folder: 'migrations', config: ['kysely.config.ts'], file: '2026-02-10T101510_one.ts' },
  {
    adapter: sequelize,
    root: 'sequelize',
    folder: 'db/migrations',
    config: ['.sequelizerc', 'config/config.json', 'package.json'],
    file: '20261124090000-one.js',
  },
  { adapter: sequelize, root: 'umzug', folder: 'migrations', config: ['src/umzug.ts', 'package.json'], file: '2026.11.24T09.00.00.one.js' },
  {
    adapter: mikroOrm,
    root: 'mikro-orm',
    folder: 'src/migrations',
    config: ['src/mikro-orm.config.ts', 'package.json'],
    file: 'Migration20261124090000_one.ts',
  },
  { adapter: nodePgMigrate, root: 'node-pg-migrate', folder: 'migrations', config: ['package.json'], file: '1795561356121_one.ts' },
]

// Each runs in two processes of its own: with TypeORM's some 200 of a million in all, and one each of 20,000.
const share = 0.000_03

/**
 * What is mutated here is run. The migrations of the cases reach for their ORM and nothing else, and no mutation has a word for files,
 * processes or the network; the child has no password in its environment and no way to a database.
 */
test.each(cases)(
  'a migration in $root that is no program, or another one, gives statements or a typed error',
  { timeout: 5_400_000 },
  async ({ adapter, root, folder, config, file }) => {
    const engine = await postgresEngine()
    const from = join('test/cases/adapters', root)
    const scripts = readdirSync(join(from, folder)).filter((name) => /\.c?[jt]s$/.test(name))
    const corpus = scripts.map((name) => readFileSync(join(from, folder, name)))
    await using project = await codeProject(Object.fromEntries(config.map((path) => [path, readFileSync(join(from, path), 'utf8')])))
    const run = async (input: Buffer) => {
      await project.write({ [join(folder, file)]: input })
      const location = await adapter.detect(project.files)
      // What does not speak of its ORM at all is no folder of its.
      if (location === undefined) return
      const migrations = await adapter.load(project.files, location, { signal: new AbortController().signal, dialect: engine.dialect })
      for (const migration of migrations) statementsOf(engine, migration)
    }
    expect(await faultsOf({ name: root, corpus, share, run })).toEqual([])
  },
)
