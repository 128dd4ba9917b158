import pg from 'pg'
import { expect, test } from 'vitest'
import { startPostgres, type EmbeddedServer } from '../../src/embedded/start.ts'
import { cliHere, flat, project, startCli } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'
import { standbyOf } from '../support/standby.ts'

const folder = { 'm/1_a.sql': 'alter table orders add column a int;' }
const longest = 60_000

async function primaryOf(version: number): Promise<EmbeddedServer> {
  const primary = await startPostgres({ version })
  const client = await open(primary)
  await client.query('create table orders (id int primary key); insert into orders values (1)')
  await client.end()
  return primary
}

async function open(server: EmbeddedServer): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url, application_name: 'report' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function columns(server: EmbeddedServer): Promise<number | null> {
  const client = await open(server)
  const { rowCount } = await client.query(`select from pg_attribute where attrelid = 'orders'::regclass and attnum > 0`)
  await client.end()
  return rowCount
}

forEachVersion('a hot standby', (version) => {
  test('whose report reads the table is asked, named, and waited for, without touching the primary', { timeout: longest }, async () => {
    await using primary = await primaryOf(version)
    await using standby = await standbyOf(primary)
    await using here = await project(folder)
    const report = await open(standby)
    await expect.poll(() => columns(standby), { timeout: 10_000 }).toBe(1)
    await report.query('begin; select count(*) from orders')
    await report.query('select pg_sleep(0.6)')
    const args = ['apply', 'm', '--yes', '--database-url', primary.url, '--replica-url', standby.url]
    const running = startCli(args, { cwd: here.folder })
    await running.said(`on the replica ${standby.socketFolder}`)
    expect(await columns(primary)).toBe(1)
    await report.query('commit')
    const outcome = await running.done
    expect(outcome.status, outcome.stderr).toBe(0)
    expect(flat(outcome.stderr)).toContain('waits since')
    expect(flat(outcome.stderr)).not.toContain('not asked')
    expect(await columns(primary)).toBe(2)
    await report.end()
  })

  test('that is not asked is named; one that cannot be reached stops the run before it begins', { timeout: longest }, async () => {
    await using primary = await primaryOf(version)
    await using standby = await standbyOf(primary)
    await using here = await project(folder)
    const run = async (...args: readonly string[]) =>
      await cliHere(['apply', 'm', '--yes', '--database-url', primary.url, ...args], { cwd: here.folder })
    const dead = new URL(standby.url)
    dead.port = String(standby.port + 1)
    const refused = await run('--replica-url', dead.toString())
    expect(refused.stderr).toContain('(unreachable)')
    expect(refused.status).toBe(1)
    expect(await columns(primary)).toBe(1)
    const applied = await run()
    expect(flat(applied.stderr)).toContain('Replicas that are not asked who is in the way: walreceiver')
    expect(applied.status).toBe(0)
  })
})
