import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { brokenAssumption } from '../../src/adapters/_assumptions.ts'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { typeorm } from '../../src/adapters/typeorm.ts'
import type { Migration } from '../../src/model/migration.ts'
import { applyAll, describeTable, readOver, runMigration, tempProject } from '../support/orm/project.ts'
import { load, longest, oneMigration, sandboxes, sqlOf } from '../support/orm/typeorm-load.ts'
import { typeormMigrate } from '../support/orm/typeorm.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

forEachVersion('TypeORM', (version) => {
  test('what asks the catalog is recorded on a database, and its answers become assumptions', { timeout: longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    const { location, migrations } = await load(diskFiles('test/cases/adapters/typeorm-schema-api'), { sandboxUrl: sandboxes(version) })
    const invoices = migrations[1]
    expect(sqlOf(invoices)).toEqual([
      expect.stringContaining('CREATE TABLE "invoices"'),
      'ALTER TABLE "orders" ADD "paid" boolean NOT NULL DEFAULT false',
      'CREATE INDEX "orders_paid_idx" ON "orders" ("paid")',
    ])
    const assumptions = invoices?.body.kind === 'recorded' ? invoices.body.assumptions : []
    expect(assumptions[0]).toMatchObject({
      sql: expect.stringContaining('"information_schema"."tables"') as string,
      parameters: ['public', 'invoices'],
      rows: [],
    })
    expect(JSON.stringify(assumptions)).not.toMatch(/"test_\d+"/)

    await typeormMigrate(theirs.url, { folder: 'test/cases/adapters/typeorm-schema-api/src/migrations' })
    await applyAll(await ours.client(), typeorm.history(location, 'public'), migrations)
    expect(await brokenAssumption(readOver(await theirs.client()), invoices as Migration)).toMatchObject({
      parameters: ['public', 'invoices'],
    })
    for (const table of ['invoices', 'orders']) {
      expect(await describeTable(await ours.client(), 'public', table)).toEqual(await describeTable(await theirs.client(), 'public', table))
    }
  })

  test(
    'assumptions hold on a database that stands where the sandbox stood, and break where a column is other',
    { timeout: longest },
    async () => {
      await using database = await freshDatabase(version)
      const client = await database.client()
      const { migrations } = await load(diskFiles('test/cases/adapters/typeorm-schema-api'), { sandboxUrl: sandboxes(version) })
      const [init, invoices] = migrations as [Migration, Migration]
      await runMigration(client, init)
      expect(await brokenAssumption(readOver(client), invoices)).toBeUndefined()
      await client.query('ALTER TABLE orders DROP COLUMN amount; ALTER TABLE orders ADD COLUMN amount integer NOT NULL')
      expect(await brokenAssumption(readOver(client), invoices)).toBeUndefined()
      await client.query('ALTER TABLE orders ALTER COLUMN amount TYPE bigint')
      expect((await brokenAssumption(readOver(client), invoices))?.sql).toContain('columns')
    },
  )

  test(
    'a read of rows is let through on the sandbox and told with its line; what is known then is what it does without rows',
    { timeout: longest },
    async () => {
      await using project = await oneMigration(
        `        await queryRunner.hasTable("a");
        const rows = await queryRunner.query("SELECT * FROM users");
        for (const row of rows) await queryRunner.query("DELETE FROM a WHERE id = " + row.id);`,
        '',
      )
      const up = {
        'src/migrations/1600000000000-Zero.ts': `export class Zero1600000000000 { async up(q) { await q.query("CREATE TABLE users (id int)") } async down() {} }`,
      }
      await project.write(up)
      const { migrations } = await load(project.files, { sandboxUrl: sandboxes(version) })
      expect(migrations[1]?.body).toMatchObject({ readsRows: { call: 'SELECT * FROM users', line: 6 } })
      expect(sqlOf(migrations[1])).toEqual(['SELECT * FROM users'])
    },
  )
})

test('without a sandbox, what asks the database is named with its line', { timeout: longest }, async () => {
  await expect(load(diskFiles('test/cases/adapters/typeorm-schema-api'))).rejects.toMatchObject({
    code: 'source-needs-sandbox',
    message: 'src/migrations/1795561365121-Invoices.ts:6 asks the database: queryRunner.hasTable.',
  })
})

test.each([
  [
    'reads rows',
    'const [user] = await queryRunner.query("SELECT * FROM users LIMIT 1"); await queryRunner.query(user.id);',
    'source-needs-sandbox',
    ':5 asks the database: SELECT * FROM users LIMIT 1',
  ],
  [
    'counts what it changed',
    'const [, n] = await queryRunner.query("UPDATE users SET a = 1"); if (n) await queryRunner.query("SELECT 1");',
    'source-needs-sandbox',
    ':5 asks the database: UPDATE users SET a = 1',
  ],
  [
    'asks the catalog',
    'const r = await queryRunner.query("SELECT 1 FROM pg_class"); if (r.length) return;',
    'source-needs-sandbox',
    ':5 asks the database: SELECT 1 FROM pg_class',
  ],
  [
    'hides what it asks',
    'try { await queryRunner.hasColumn("a", "b") } catch {}',
    'source-needs-sandbox',
    ':5 asks the database: queryRunner.hasColumn',
  ],
  [
    'makes up a value',
    'await queryRunner.query(`INSERT INTO a VALUES (${Math.random()})`);',
    'source-nondeterministic',
    ':5 issued other SQL when it was run a second time',
  ],
  [
    'throws',
    'await queryRunner.query("SELECT 1");\n        throw new TypeError("no such thing");',
    'source-unreadable',
    ':6 cannot be run: TypeError: no such thing',
  ],
  ['ends the process', 'process.exit(3);', 'source-unreadable', 'ended the process that ran it (status 3)'],
  ['does not parse', 'await await (', 'source-unreadable', 'src/migrations/1700000000000-One.ts'],
])('a migration that %s is refused', { timeout: longest }, async (...[, up, code, message]) => {
  await using project = await oneMigration(`        ${up}`)
  await expect(load(project.files)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
})

test('a read whose answer nobody looks at is a statement', { timeout: longest }, async () => {
  await using project = await oneMigration(`        await queryRunner.query("SELECT setval('a', $1)", [7]);
        await queryRunner.commitTransaction();
        await queryRunner.manager.query("VACUUM a");
        await queryRunner.startTransaction();`)
  const { migrations } = await load(project.files)
  expect(sqlOf(migrations[0])).toEqual(["SELECT setval('a', $1)", 'COMMIT', 'VACUUM a', 'START TRANSACTION'])
  expect(migrations[0]?.body).toMatchObject({ statements: [{ parameters: [7], line: 5 }, { line: 6 }, { line: 7 }, { line: 8 }] })
})

test.each([
  [
    'a class without up',
    { 'src/migrations/1700000000000-One.ts': 'export class One1700000000000 { async down() {} }' },
    'src/migrations/1700000000000-One.ts cannot be run: exports no class with a method up',
  ],
  [
    'a class without a time',
    { 'src/migrations/1700000000000-One.ts': 'export class One { async up() {} }' },
    '1700000000000-One.ts names its class One, without the 13 digits',
  ],
  [
    'two of one name',
    {
      'src/migrations/1700000000000-A.ts': 'export class A1700000000000 { async up() {} }',
      'src/migrations/1700000000000-B.ts': 'export class A1700000000000 { async up() {} }',
    },
    'names its class A1700000000000, as src/migrations/1700000000000-A.ts does',
  ],
])('says what is wrong with %s', { timeout: longest }, async (_title, contents, message) => {
  await using project = await tempProject(contents)
  await expect(load(project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining(message) as string,
  })
})

test('a migration may import an entity with decorators, by an alias of tsconfig.json', { timeout: longest }, async () => {
  await using project = await oneMigration(
    "        await queryRunner.query(`CREATE TABLE ${table} (${Object.keys(new User()).join()} text DEFAULT '${Role.Admin}')`);",
    'import { Role, table, User } from "@app/user";',
  )
  await project.write({
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@app/*": ["./src/entities/*"] } } }',
    'src/entities/user.ts': `import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
export enum Role { Admin = 'admin' }
export const table = 'users'
@Entity()
export class User {
  @PrimaryGeneratedColumn() id!: number
  @Column({ type: 'text' })
  role: string = Role.Admin
}
`,
  })
  const { migrations } = await load(project.files)
  expect(sqlOf(migrations[0])).toEqual(["CREATE TABLE users (role text DEFAULT 'admin')"])
})

test('the child sees no secret of ours', { timeout: longest }, async () => {
  process.env['LOCKKEEPER_TEST_SECRET'] = 'do not tell'
  onTestFinished(() => void delete process.env['LOCKKEEPER_TEST_SECRET'])
  await using project = await oneMigration('        await queryRunner.query(Object.keys(process.env).sort().join());')
  const { migrations } = await load(project.files)
  expect(sqlOf(migrations[0])[0]).toContain('PATH')
  expect(sqlOf(migrations[0])[0]).not.toContain('SECRET')
})

test('an abort ends the child and what it started', { timeout: longest }, async () => {
  const marker = `lockkeeper_test_${process.pid}`
  await using project =
    await oneMigration(`        require("child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)", "${marker}"]);
        require("fs").writeFileSync("started", "");
        await new Promise(() => setInterval(() => 0, 1000));`)
  const abort = new AbortController()
  const loading = load(project.files, { signal: abort.signal }).catch((error: unknown) => error)
  await expect.poll(() => project.files.exists('started'), { timeout: 60_000 }).toBe('file')
  expect(await processesWith(marker)).toBeGreaterThan(0)
  abort.abort()
  expect(await loading).toMatchObject({ code: 'interrupted' })
  await expect.poll(() => processesWith(marker), { timeout: 10_000 }).toBe(0)
})

async function processesWith(word: string): Promise<number> {
  const list = spawn('ps', ['-eo', 'args'])
  let text = ''
  for await (const chunk of list.stdout) text += String(chunk)
  return text.split('\n').filter((line) => line.includes(word)).length
}
