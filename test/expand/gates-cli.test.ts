import { expect, test } from 'vitest'
import { cliHere, flat, project, startCli } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const setup = `create extension pg_stat_statements; create table users (id int primary key, full_name text not null);
  insert into users values (1, 'a'), (2, 'b')`
const config = { expand: { quiet: '1h', oldApplications: ['shop-v1'] } }
const files = {
  'lockkeeper.config.json': JSON.stringify(config),
  'migrations/1_rename.sql': 'alter table users rename column full_name to name;\n',
}

forEachVersion('complete on the command line', (version) => {
  test('says who still uses the old name, how long it must be quiet, and how to go on; and goes on once it is', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const cli = async (...args: string[]) => await cliHere([...args, '--yes', '--database-url', database.url], { cwd: here.folder })
    const applied = await cli('apply', 'migrations')
    expect(applied.status, applied.stderr).toBe(0)
    const app = await database.client()
    await app.query('select full_name from users')
    const refused = await cli('complete')
    expect(refused.status).toBe(3)
    const text = flat(refused.stderr)
    expect(text).toContain(
      '1_rename stays expanded: it is too early to tell whether the old application writes full_name of public.users; statements name',
    )
    expect(text).toMatch(
      /unused:statements: statements name full_name of public\.users - 1 call since \S+Z by role postgres: select full_name from users - quiet for 0 s of 60 min: opens at/,
    )
    expect(text).toContain('--override unused:writes --override unused:statements --reason "why"')
    expect(text).not.toContain('Sessions were not looked at')
    await app.query(`set application_name = 'shop-v1'`)
    const connected = await cli('complete', '--quiet', '0s')
    expect(flat(connected.stderr)).toMatch(
      /unused:sessions: the old application is connected - pid \d+, application shop-v1, role postgres, idle/,
    )
    await app.query(`set application_name = 'shop-v2'`)
    const done = await cli('complete', '--quiet', '1s', '--wait', '30s')
    expect(done.status, done.stderr).toBe(0)
    expect((await app.query('select name from users')).rowCount).toBe(2)
  })

  test('ends with 0 where nothing is left to do, and leaves it expanded where the waiting is ended by a signal', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const args = (...words: string[]) => [...words, '--yes', '--database-url', database.url]
    const cli = async (...words: string[]) => await cliHere(args(...words), { cwd: here.folder })
    expect(await cli('complete')).toMatchObject({ status: 0, stdout: 'Nothing is expanded.\n' })
    await cli('apply', 'migrations')
    const waiting = startCli(args('complete', '--wait', '60s'), { cwd: here.folder })
    await waiting.said('3-gate: waits:')
    waiting.kill('SIGINT')
    const ended = await waiting.done
    expect(ended.status).toBe(130)
    expect(ended.stderr).not.toContain('failed')
    expect(ended.stderr).toContain('Run the same command again')
    expect((await cliHere(['status', '--database-url', database.url], { cwd: here.folder })).stdout).toContain('expanded')
    expect((await cli('complete', '--override', 'unused', '--reason', 'a test')).status).toBe(0)
    expect(await cli('complete', '1_rename')).toMatchObject({ status: 0, stdout: 'Nothing is expanded.\n' })
    expect((await cli('complete', '2_never')).status).toBe(1)
  })

  test('takes the evidence upon whoever says why', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const cli = async (...args: string[]) => await cliHere([...args, '--yes', '--database-url', database.url], { cwd: here.folder })
    await cli('apply', 'migrations')
    expect((await cli('complete', '--override', 'unused')).status).toBe(1)
    const roles = await cli('complete', '--json', '--old-role', 'nobody_of_that_name', '--quiet', '0s')
    expect(JSON.parse(roles.stdout)).toMatchObject({
      error: {
        code: 'gate-closed',
        details: { closed: [{ gate: 'unused:sessions', evidence: ['there is no role nobody_of_that_name'] }] },
      },
    })
    const done = await cli('complete', '--override', 'unused', '--reason', 'a test')
    expect(done.status, done.stderr).toBe(0)
    const client = await database.client()
    const { rows } = await client.query(
      `select data ->> 'gate' as gate, data ->> 'reason' as reason from lockkeeper.journal where event = 'gate-overridden'`,
    )
    expect(rows).toEqual([
      { gate: 'unused:writes', reason: 'a test' },
      { gate: 'unused:statements', reason: 'a test' },
    ])
  })

  test('the plan and the script say what is asked', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const plan = async (...args: string[]) =>
      await cliHere(['plan', 'migrations', ...args, '--database-url', database.url], { cwd: here.folder })
    expect(flat((await plan()).stdout)).toContain(
      '- nobody uses full_name of public.users any more: not a write, not a statement that names it',
    )
    const script = (await plan('--format', 'sql')).stdout
    expect(script).toContain(`-- SELECT calls, query FROM pg_stat_statements WHERE strpos(lower(query), lower('users')) > 0 AND`)
    expect(script).toMatch(/-- SELECT last_value, is_called FROM lockkeeper\.users_full_name_name_old_writes_\w+;/)
  })

  test('goes on with a contract that could not have its lock', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const cli = async (...args: string[]) => await cliHere([...args, '--yes', '--database-url', database.url], { cwd: here.folder })
    await cli('apply', 'migrations')
    const holder = await database.client()
    await holder.query('begin; select from users')
    const first = await cli('complete', '--override', 'unused', '--reason', 'a test', '--max-lock-wait', '300ms')
    expect(first.stderr).toContain('(lock-not-had)')
    await holder.query('commit')
    const second = await cli('complete', '--override', 'unused', '--reason', 'a test')
    expect(second.status, second.stderr).toBe(0)
  })
})
