import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { startPostgres, type EmbeddedServer } from '../../src/embedded/start.ts'
import { cliHere, project } from '../support/cli.ts'
import { forEachVersion } from '../support/postgres.ts'

/** A server in recovery that takes queries: what a standby is between two messages of its primary. */
async function hotStandby(version: number, setup: string): Promise<EmbeddedServer> {
  const server = await startPostgres({ version })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(setup)
  await client.end()
  writeFileSync(join(server.folder, 'data', 'standby.signal'), '')
  await server.restart()
  return server
}

forEachVersion('a hot standby', (version) => {
  it('is read by check, plan and status, and refused by what would change it', async () => {
    await using server = await hotStandby(version, 'create table orders (id int primary key, note text)')
    await using here = await project({ 'm/1_a.sql': 'create index on orders (note);' })
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', server.url], { cwd: here.folder })
    for (const command of ['check', 'plan', 'status']) {
      const outcome = await run(command, 'm', '--json', ...(command === 'check' ? ['--fail-on', 'never'] : []))
      expect(outcome.status, command + outcome.stderr).toBe(0)
    }
    for (const args of [
      ['apply', 'm'],
      ['abort'],
      ['baseline', 'm', '--to', '1_a'],
      ['resolve', 'm', '--applied', '1_a'],
      ['uninstall', '--yes'],
    ]) {
      const outcome = await run(...args)
      expect(outcome.stderr, args.join(' ')).toContain('(read-only-server)')
      expect(outcome.status).toBe(1)
    }
  })
})
