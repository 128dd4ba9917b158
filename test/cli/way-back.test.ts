import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const files = {
  'migrations/001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);',
  'migrations/002_age.sql': 'ALTER TABLE users ADD COLUMN age int; CREATE INDEX users_age ON users (age);',
}

forEachVersion('plan --to what is applied already', (version) => {
  test('writes the migration that leads back there, and says what does not come back', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(files)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    expect((await run('apply', '--yes', '--to', '001_users')).status).toBe(0)
    expect((await run('apply', '--yes')).status).toBe(0)
    const shown = await run('plan', '--to', '001_users')
    expect(flat(shown.stdout)).toContain('-- What they wrote or dropped does not come back: -- what public.users.age holds')
    expect(JSON.parse((await run('plan', '--to', '001_users', '--json')).stdout)).toMatchObject({
      wayBack: { migrations: ['002_age'], byHand: [] },
    })
    const out = 'migrations/003_back.sql'
    expect((await run('plan', '--to', '001_users', '--out', out)).status).toBe(0)
    expect(await readFile(join(here.folder, out), 'utf8')).toBe(shown.stdout)
    // It is a migration like any other: the column goes by expand and contract.
    expect((await run('apply', '--yes', '--complete', '--override', 'unused', '--reason', 'no application runs')).stderr).not.toContain(
      'lockkeeper:',
    )
    const client = await database.client()
    const { rows } = await client.query(
      `select count(*)::int as n from pg_attribute where attrelid = 'users'::regclass and attname = 'age' and not attisdropped`,
    )
    expect(rows).toEqual([{ n: 0 }])
  })

  test('while the later one is expanded, it points to abort', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(files)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    await run('apply', '--yes', '--to', '001_users')
    await writeFile(join(here.folder, 'migrations/002_age.sql'), 'ALTER TABLE users RENAME COLUMN name TO title;')
    expect((await run('apply', '--yes')).status).toBe(0)
    const stopped = await run('plan', '--to', '001_users')
    expect([stopped.status, flat(stopped.stderr)]).toEqual([1, expect.stringContaining('lockkeeper abort 002_age')])
  })
})
