import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EmbeddedServer } from '../../src/embedded/start.ts'
import { startPostgres } from '../../src/embedded/start.ts'
import type { Outcome, Project } from '../support/cli.ts'
import { cliHere, flat, project } from '../support/cli.ts'

let server: EmbeddedServer
let here: Project

beforeAll(async () => {
  server = await startPostgres({ tcp: true })
  here = await project({ 'x.sql': 'create table x (id int);' })
})
afterAll(async () => {
  await server.stop()
  await here[Symbol.asyncDispose]()
})

const secret = 'hunter2secret'

/** The server's URL with parts replaced; the embedded server asks for a password over TCP. */
function urlWith(change: (url: URL) => void): string {
  const url = new URL(server.url)
  change(url)
  return url.toString()
}

async function status(url: string, ...more: readonly string[]): Promise<Outcome> {
  return await cliHere(['status', 'x.sql', '--database-url', url, ...more], { cwd: here.folder })
}

function expectError(outcome: Outcome, code: string, message: string | RegExp): void {
  expect(flat(outcome.stderr)).toMatch(message)
  expect(outcome.stderr).toContain(`(${code})`)
  expect(outcome.stderr).toContain('What to do:')
  expect(outcome.status).toBe(1)
  expect(outcome.stdout + outcome.stderr).not.toContain(secret)
}

describe('a database that cannot be had', () => {
  it('with a wrong password is an error that names host and user, not the password', async () => {
    const outcome = await status(urlWith((url) => (url.password = secret)))
    expectError(outcome, 'auth-failed', /127\.0\.0\.1:\d+ as postgres/)
  })

  it('without a password where one is asked for says so', async () => {
    expectError(await status(urlWith((url) => (url.password = ''))), 'auth-failed', /asks for a password/)
  })

  it('of another name is an error that names it', async () => {
    expectError(await status(urlWith((url) => (url.pathname = '/no_such_database'))), 'database-missing', /no_such_database/)
  })

  it('on a port where nobody listens is unreachable', async () => {
    expectError(await status(`postgres://someone:${secret}@127.0.0.1:1/shop`), 'unreachable', /shop on 127\.0\.0\.1:1 as someone/)
  })

  it('behind a password with a broken escape is tried as it stands, and never shown', async () => {
    expectError(await status(`postgres://someone:${secret}%zz@127.0.0.1:1/shop`), 'unreachable', /shop on 127\.0\.0\.1:1/)
  })

  it('on a host that does not exist is unreachable', async () => {
    expectError(await status(`postgres://someone:${secret}@no-such-host.invalid/shop`), 'unreachable', /no-such-host\.invalid/)
  })

  it.each([
    ['without a scheme', `someone:${secret}@localhost/shop`],
    ['with an unescaped character', `postgres://someone:${secret}#@/:x@localhost:port/shop`],
    ['that is empty of all but its secret', `:${secret}@`],
    ['of another database', `oracle://someone:${secret}@localhost/shop`],
  ])('behind a URL %s is refused without showing it', async (_, url) => {
    expectError(await status(url), 'url-invalid', /URL/)
  })

  it.each([
    ['mysql', 'MySQL'],
    ['mariadb', 'MariaDB'],
  ])('of %s is refused by name', async (scheme, name) => {
    expectError(await status(`${scheme}://someone:${secret}@localhost/shop`), 'engine-unsupported', name)
  })

  it('that asks for TLS which the server has not is an error about TLS', async () => {
    const outcome = await status(urlWith((url) => url.searchParams.set('sslmode', 'verify-full')))
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('(tls-failed)')
  })

  it('with a role that one may not become says which', async () => {
    expectError(await status(server.url, '--role', 'no "such" role'), 'no-rights', /no "such" role/)
  })

  it('shows no password in JSON either', async () => {
    const outcome = await status(
      urlWith((url) => (url.password = secret)),
      '--json',
    )
    expect(JSON.parse(outcome.stdout)).toMatchObject({ format: 1, command: 'status', error: { code: 'auth-failed' } })
    expect(outcome.stdout).not.toContain(secret)
  })
})

describe('a password from a function in the configuration', () => {
  it('is used at each connect, and wins over the URL', async () => {
    const right = new URL(server.url).password
    const url = urlWith((one) => (one.password = secret))
    await using configured = await project({
      'x.sql': 'select 1;',
      'lockkeeper.config.mjs': `export default { databaseUrl: '${url}', password: async () => '${right}' }`,
    })
    const outcome = await cliHere(['status', 'x.sql'], { cwd: configured.folder })
    expect(outcome.stderr).toContain('Database postgres on 127.0.0.1')
    expect(outcome.status).toBe(0)
    expect(outcome.stdout + outcome.stderr).not.toContain(secret)
    expect(outcome.stdout + outcome.stderr).not.toContain(right)
  })
})
