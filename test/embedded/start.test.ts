import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { availableVersions, startPostgres } from '../../src/embedded/start.ts'
import { isGone, processesOf } from '../support/embedded.ts'
import { serverFor, testVersions } from '../support/postgres.ts'

/** A first start makes a template, on two cores that other tests use too. */
const timeout = 120_000

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

describe.each(testVersions)('startPostgres with version %i', { timeout }, (version) => {
  it('starts that major, reached by its socket alone, with all that the product makes use of', async () => {
    const server = await serverFor(version)
    expect(server.version).toBe(version)
    expect(Math.floor(Number(await ask(server.url, 'SHOW server_version_num')) / 10_000)).toBe(version)
    expect(await ask(server.url, 'SHOW listen_addresses')).toBe('')
    expect(await ask(server.url, 'SELECT inet_server_addr()')).toBe(null)
    await ask(server.url, 'CREATE EXTENSION pg_stat_statements')
    expect(await ask(server.url, 'SELECT count(*) >= 0 FROM pg_stat_statements')).toBe(true)
    expect(await ask(server.url, 'SHOW wal_level')).toBe('logical')
    expect(await ask(server.url, 'SHOW max_prepared_transactions')).toBe('10')
    expect(await ask(server.url, 'SHOW fsync')).toBe('off')
    expect(await ask(server.url, 'SHOW server_encoding')).toBe('UTF8')
  })

  it('leaves no process and no folder after stop, with a client in the middle of a query', async () => {
    const server = await startPostgres({ version })
    const busy = ask(server.url, 'SELECT pg_sleep(60)').catch((error: unknown) => error)
    await expect.poll(() => ask(server.url, "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'")).toBe(2)
    expect(processesOf(server.folder).length).toBeGreaterThan(5)
    await Promise.all([server.stop(), server.stop()])
    expect(isGone(server.folder)).toBe(true)
    expect(await busy).toBeInstanceOf(Error)
  })

  it.each(['fast', 'immediate'] as const)('comes back from a restart (%s) with the committed data', async (mode) => {
    await using server = await startPostgres({ version })
    await ask(server.url, 'CREATE TABLE kept AS SELECT 42 AS n')
    const { pid, url } = server
    await server.restart(mode)
    expect(server.pid).not.toBe(pid)
    expect(server.url).toBe(url)
    expect(await ask(url, 'SELECT n FROM kept')).toBe(42)
    const recovered = (await server.logTail()).includes('automatic recovery in progress')
    expect(recovered).toBe(mode === 'immediate')
  })

  it('asks for the password of the URL where it listens on TCP', async () => {
    await using server = await startPostgres({ version, tcp: true })
    expect(await ask(server.url, 'SELECT host(inet_server_addr())')).toBe('127.0.0.1')
    const wrong = new URL(server.url)
    wrong.password = 'wrong'
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
  })
})

describe('startPostgres', { timeout }, () => {
  it('runs two servers at once, each with its own data', async () => {
    await using first = await startPostgres()
    await using second = await startPostgres({ tcp: true })
    await using third = await startPostgres({ tcp: true })
    await ask(first.url, 'CREATE TABLE only_here ()')
    expect(await ask(second.url, "SELECT to_regclass('only_here')")).toBe(null)
    expect(third.port).not.toBe(second.port)
  })

  it('lets the settings of the caller win', async () => {
    await using server = await startPostgres({ durable: true, settings: { 'max_connections': '17', 'my.setting': "it's, quoted" } })
    expect(await ask(server.url, 'SHOW max_connections')).toBe('17')
    expect(await ask(server.url, 'SHOW my.setting')).toBe("it's, quoted")
    expect(await ask(server.url, 'SHOW fsync')).toBe('on')
  })

  it('gives URLs of databases whose names need quoting', async () => {
    const server = await serverFor(18)
    for (const name of ['Shop of "Ann"', 'größe', 'a/b', '50%']) {
      await ask(server.url, `CREATE DATABASE ${pg.escapeIdentifier(name)}`)
      expect(await ask(server.databaseUrl(name), 'SELECT current_database()')).toBe(name)
    }
  })

  it('fails with the last lines of the log where the server does not start', async () => {
    const start = startPostgres({ settings: { shared_preload_libraries: 'no_such_library' } })
    await expect(start).rejects.toMatchObject({
      code: 'embedded-failed',
      message: expect.stringContaining('could not access file "no_such_library"'),
    })
  })

  it('refuses a version that there is not, naming those that there are', async () => {
    await expect(startPostgres({ version: 12 })).rejects.toMatchObject({
      code: 'embedded-unavailable',
      hint: expect.stringContaining('13, 14'),
    })
    expect(availableVersions()).toEqual(expect.arrayContaining([...testVersions]))
  })

  it('is interrupted by the signal', async () => {
    const aborted = AbortSignal.abort()
    await expect(startPostgres({ signal: aborted })).rejects.toMatchObject({ code: 'interrupted' })
    const later = new AbortController()
    const start = startPostgres({ signal: later.signal })
    later.abort()
    await expect(start).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('says so where it was not up in the time given', async () => {
    await expect(startPostgres({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'embedded-failed',
      message: expect.stringContaining('time'),
    })
  })

  it('cannot be restarted once it was stopped', async () => {
    const server = await startPostgres()
    await server.stop()
    await expect(server.restart()).rejects.toMatchObject({ code: 'embedded-failed' })
  })
})
