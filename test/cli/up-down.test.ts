import { expect, it } from 'vitest'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const setup = `create table users (id int primary key, full_name text not null); insert into users values (1, 'Ada King')`
const split = `ALTER TABLE users ADD COLUMN first text NOT NULL, ADD COLUMN last text NOT NULL, DROP COLUMN full_name;\n`
const values = JSON.stringify(
  {
    up: { 'users.first': `split_part(full_name, ' ', 1)`, 'users.last': `split_part(full_name, ' ', 2)` },
    down: { 'users.full_name': `first || ' ' || last` },
  },
  undefined,
  2,
)
const lock = { 'p/migration_lock.toml': 'provider = "postgresql"\n' }
const journal = JSON.stringify({
  version: '7',
  dialect: 'postgresql',
  entries: [{ idx: 0, when: 1, tag: '0000_split', breakpoints: true }],
})

forEachVersion('values in a file beside the migration', (version) => {
  it.each([
    ['sql', { 'p/1_split.up.sql': split, 'p/1_split.lockkeeper.json': values }],
    ['prisma', { ...lock, 'p/1_split/migration.sql': split, 'p/1_split/migration.lockkeeper.json': values }],
    ['drizzle', { 'p/meta/_journal.json': journal, 'p/0000_split.sql': split, 'p/0000_split.lockkeeper.json': values }],
  ])('are those of the migration: %s', async (source, files) => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const run = async (...args: readonly string[]) =>
      await cliHere([...args, '--source', source, '--database-url', database.url], { cwd: here.folder })
    expect(await run('apply', 'p')).toMatchObject({ status: 0 })
    const client = await database.client()
    await client.query(
      `insert into users (id, first, last) values (2, 'Grace', 'Hopper'); insert into users (id, full_name) values (3, 'Old App')`,
    )
    expect((await client.query('select * from users order by id')).rows).toEqual([
      { id: 1, full_name: 'Ada King', first: 'Ada', last: 'King' },
      { id: 2, full_name: 'Grace Hopper', first: 'Grace', last: 'Hopper' },
      { id: 3, full_name: 'Old App', first: 'Old', last: 'App' },
    ])
  })

  it('are refused, with file and line, where they cannot be meant so, and nothing is changed', async () => {
    await using database = await freshDatabase(version, { setup })
    const refused = async (beside: string) => {
      await using here = await project({ 'p/1_split.sql': split, 'p/1_split.lockkeeper.json': beside })
      const outcome = await cliHere(['apply', 'p', '--database-url', database.url], { cwd: here.folder })
      expect(outcome.status).toBe(1)
      return flat(outcome.stderr)
    }
    expect(await refused(values.replace('"down"', '"dowm"'))).toMatch(
      /p\/1_split.lockkeeper.json, line 6: there is no key "dowm".*Did you mean "down"/,
    )
    expect(await refused(values.replace('users.last', 'users.lost'))).toMatch(
      /line 4: the up of users.lost cannot be used.*Did you mean last/,
    )
    expect(await refused('{ "up": [] }')).toMatch(/line 1: up is no object of columns and expressions/)
    expect(await refused('{ "up": { "users.first": 1 } }')).toMatch(/the up of users.first is no SQL expression.*\(up-down-invalid\)/)
    expect(await refused('{ "up": {')).toMatch(/1_split.lockkeeper.json.* is not valid JSON.*\(source-unreadable\)/)
    expect(await refused('[]')).toMatch(/is no object with the keys up and down/)
    await using stray = await project({ 'p/1_split.sql': split, 'p/1_splt.lockkeeper.json': values })
    const lost = await cliHere(['apply', 'p', '--database-url', database.url], { cwd: stray.folder })
    expect(flat(lost.stderr)).toMatch(
      /1_splt.lockkeeper.json, line 1: it stands beside no migration.*Did you mean p\/1_split.lockkeeper.json/,
    )
    const client = await database.client()
    expect(
      (
        await client.query(
          `select to_regclass('users') is not null as there, count(*)::int as columns from pg_attribute where attrelid = 'users'::regclass and attnum > 0`,
        )
      ).rows,
    ).toEqual([{ there: true, columns: 2 }])
  })
})

forEachVersion('comments that say what columns hold', (version) => {
  const commented = `-- lockkeeper-up first: split_part(full_name, ' ', 1)\n-- lockkeeper-up last: split_part(full_name, ' ', 2)\n-- lockkeeper-down full_name: first || ' ' || last\n${split}`

  it('are no findings of check, which knows that nothing is lost, and refuses those that cannot be read', async () => {
    await using here = await project({
      'm/1.sql': setup.replace('; insert', ';\n-- insert'),
      'm/2.sql': commented,
      'n/1.sql': commented.replace("' ', 1)", "' ', 1"),
    })
    const outcome = await cliHere(['check', 'm', '--no-sandbox', '--json', '--server', `postgres@${version}`], { cwd: here.folder })
    const rules = (
      JSON.parse(outcome.stdout) as { migrations: { statements: { hazards: { rule: string; rewrite?: string }[] }[] }[] }
    ).migrations[1]?.statements
      .flatMap(({ hazards }) => hazards)
      .map(({ rule, rewrite }) => `${rule} ${rewrite ?? ''}`)
    expect(rules?.toSorted()).toEqual([
      'drop-column drop-column',
      'not-null-without-default add-column',
      'not-null-without-default add-column',
    ])
    const refused = await cliHere(['check', 'n', '--no-sandbox'], { cwd: here.folder })
    expect(flat(refused.stderr)).toMatch(/n\/1.sql, line 1: the up of first cannot be used: it is no SQL expression.*\(up-down-invalid\)/)
    expect(refused.status).toBe(1)
  })

  it.each([
    [
      'a table from which others inherit',
      'create table child () inherits (users)',
      commented,
      /does not come with a table to those that inherit/,
    ],
    [
      'a column with a DEFAULT',
      '',
      commented.replace('first text NOT NULL', "first text NOT NULL DEFAULT ''"),
      /first has a DEFAULT, by which an INSERT/,
    ],
    ['CASCADE', '', commented.replace('COLUMN full_name;', 'COLUMN full_name CASCADE;'), /CASCADE takes with it/],
    [
      'no down for a column that must be filled',
      '',
      commented.replace(/-- lockkeeper-down.*\n/, ''),
      /say what it holds then in a comment above the statement \(-- lockkeeper-down full_name: EXPRESSION\)/,
    ],
    [
      'a change of type',
      '',
      `-- lockkeeper-up full_name: id\nALTER TABLE users ALTER COLUMN full_name TYPE varchar;`,
      /cannot keep old and new in step here/,
    ],
    [
      'statements that run as a whole',
      '',
      `SET LOCAL timezone = 'UTC';\n-- lockkeeper-up extra: full_name\nALTER TABLE users ADD COLUMN extra text;`,
      /the up of extra cannot be used/,
    ],
    [
      'a backfill in the same migration',
      '',
      `${commented}-- lockkeeper-backfill ./b.ts\nselect 1;`,
      /a migration that names a backfill cannot say what columns hold too/,
    ],
  ])('are refused where they cannot be kept: %s', async (...[, more, sql, message]) => {
    await using database = await freshDatabase(version, { setup: `${setup}; ${more}` })
    const fill = `import { defineBackfill } from 'lockkeeper'\nexport default defineBackfill({ table: 'users', where: 'false', async run() {} })`
    await using here = await project({ 'm/1.sql': sql, 'b.ts': fill })
    const outcome = await cliHere(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    expect(flat(outcome.stderr)).toMatch(message)
    expect(outcome.status).not.toBe(0)
    const client = await database.client()
    expect(
      (
        await client.query(
          `select count(*)::int as n from pg_attribute where attrelid = 'users'::regclass and attnum > 0 and not attisdropped`,
        )
      ).rows,
    ).toEqual([{ n: 2 }])
  })
})

forEachVersion('what later statements and migrations may do meanwhile', (version) => {
  const commented = `-- lockkeeper-up first: split_part(full_name, ' ', 1)\n-- lockkeeper-up last: split_part(full_name, ' ', 2)\n-- lockkeeper-down full_name: first || ' ' || last\n${split}`

  it('the same migration builds on the new columns, a later one waits for the contract, and --allow takes no part out of the whole', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({
      'm/1.sql': `${commented}CREATE INDEX users_first ON users (first); ALTER TABLE users ADD CONSTRAINT named CHECK (last <> ''); ALTER TABLE users ALTER COLUMN last SET DEFAULT 'none';`,
      'm/2.sql': 'ALTER TABLE users ALTER COLUMN first TYPE varchar(80);',
    })
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    const applied = await run('apply', 'm', '--allow', 'drop-column', '--allow', 'not-null-without-default')
    expect(flat(applied.stderr + applied.stdout)).toMatch(/2 (touches|waits)|waits-for-contract/)
    const client = await database.client()
    expect((await client.query('select * from users')).rows).toEqual([{ id: 1, full_name: 'Ada King', first: 'Ada', last: 'King' }])
    expect(await run('complete', '1', '--override', 'unused', '--reason', 'nobody else is here')).toMatchObject({ status: 0 })
    expect((await client.query('select * from users')).rows).toEqual([{ id: 1, first: 'Ada', last: 'King' }])
  })
})
