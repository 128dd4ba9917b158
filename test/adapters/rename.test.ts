import { DataSource, EntitySchema } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { cliHere, project } from '../support/cli.ts'
import { prismaDiff } from '../support/orm/prisma.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'

// What the ORMs themselves write for a renamed field and a changed type: the data would be gone, and check must say so.
const longest = 240_000
const version = testVersions.at(-1) ?? 18

/** The findings about lost data of a migration, judged after the one that made the table. */
async function lossesOf(init: string, change: string): Promise<readonly string[]> {
  await using here = await project({ 'migrations/1_init.sql': init, 'migrations/2_change.sql': change })
  const outcome = await cliHere(['check', 'migrations/2_change.sql', '--json'], { cwd: here.folder })
  const report = JSON.parse(outcome.stdout) as {
    migrations: { statements: { hazards: { rule: string; severity: string; message: string; fix: string }[] }[] }[]
  }
  const hazards = report.migrations.flatMap(({ statements }) => statements.flatMap((statement) => statement.hazards))
  return hazards.filter(({ rule }) => rule === 'drop-and-add-column').map(({ severity, message, fix }) => `${severity}: ${message}. ${fix}`)
}

describe('Prisma', () => {
  const schema = (field: string): string =>
    `datasource db {\n  provider = "postgresql"\n}\nmodel User {\n  id Int @id\n  email String @unique\n  ${field}\n}\n`

  test.each([
    ['a renamed field', ['name String?', 'fullName String?'], 'loses column name and gets fullName of the same type'],
    ['a renamed field that must be there', ['name String', 'fullName String'], 'loses column name and gets fullName of the same type'],
    ['a type that has no cast', ['born DateTime', 'born Boolean'], 'loses column born and gets one of the same name'],
  ] as const)('%s is data loss', { timeout: longest }, async (_what, [before, after], message) => {
    await using database = await freshDatabase(version)
    const folder = 'test/cases/adapters/prisma/prisma/migrations'
    const diff = (from: string | undefined, to: string): Promise<string> => prismaDiff(database.url, folder, { from, to })
    const losses = await lossesOf(await diff(undefined, schema(before)), await diff(schema(before), schema(after)))
    expect(losses).toEqual([expect.stringMatching(`^error: .*${message} .*the data is lost`)])
  })
})

describe('TypeORM', () => {
  const entity = (columns: object): EntitySchema =>
    new EntitySchema({ name: 'user', columns: { id: { type: 'int', primary: true }, ...columns } })

  /** What `migration:generate` would write into a class. */
  async function generated(url: string, columns: object): Promise<string> {
    const source = await new DataSource({ type: 'postgres', url, entities: [entity(columns)] }).initialize()
    try {
      return (await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => `${query};`).join('\n')
    } finally {
      await source.destroy()
    }
  }

  const text = { type: 'text', nullable: true } as const
  test.each([
    // One alone it tells from a new column, and writes RENAME.
    [
      'of two renamed fields each',
      [
        { name: text, mail: text },
        { fullName: text, email: text },
      ],
      [
        'loses column name and gets fullName of the same type .* RENAME COLUMN name TO "fullName"',
        'loses column mail and gets email of the same type .* RENAME COLUMN mail TO email',
      ],
    ],
    ['a changed type', [{ age: { type: 'int', nullable: true } }, { age: text }], ['loses column age and gets one of the same name']],
    ['one renamed field written as RENAME, which', [{ name: text }, { fullName: text }], []],
  ] as const)('%s is data loss, or is none', { timeout: longest }, async (_what, [before, after], messages) => {
    await using database = await freshDatabase(version)
    const init = await generated(database.url, before)
    await (await database.client()).query(init)
    const losses = await lossesOf(init, await generated(database.url, after))
    expect(losses).toHaveLength(messages.length)
    for (const message of messages) expect(losses.join('\n')).toMatch(new RegExp(`^error: .*${message}`, 'm'))
  })
})

test.each([
  'ALTER TABLE t DROP COLUMN a;\nALTER TABLE t ADD COLUMN b text;',
  'ALTER TABLE t ADD COLUMN b text;\nALTER TABLE t DROP COLUMN a;',
])('it is found over two transactions, and said once: %j', { timeout: longest }, async (change) => {
  const losses = await lossesOf('CREATE TABLE t (id int PRIMARY KEY, a text);', `-- migrate:up transaction:false\n${change}`)
  expect(losses).toEqual([expect.stringContaining('Write ALTER TABLE public.t RENAME COLUMN a TO b, or copy the data')])
})
