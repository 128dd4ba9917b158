import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { postgresEngine } from '../../src/engines.ts'
import { typeorm } from '../../src/adapters/typeorm.ts'
import { statementsOf } from '../../src/check/statements.ts'
import { faultsOf } from '../support/fuzz.ts'
import { load, oneMigration } from '../support/orm/typeorm-load.ts'

const folder = 'test/cases/adapters/typeorm/src/migrations'
const corpus = readdirSync(folder).map((name) => readFileSync(join(folder, name)))

test('a migration of TypeORM that is no program, or another one, gives statements or a typed error', { timeout: 5_400_000 }, async () => {
  const engine = await postgresEngine()
  await using project = await oneMigration('')
  const run = async (input: Buffer) => {
    await project.write({ 'src/migrations/1700000000000-One.ts': input })
    // What is no class with an up at all is no folder of TypeORM's either.
    if ((await typeorm.detect(project.files)) === undefined) return
    const { migrations } = await load(project.files)
    for (const migration of migrations) statementsOf(engine, migration)
  }
  // As many as for each of the sources in code.test.ts.
  expect(await faultsOf({ name: 'typeorm', corpus, share: 0.000_03, run })).toEqual([])
})
