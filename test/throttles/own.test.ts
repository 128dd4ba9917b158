import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import os from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import { cpu } from '../../src/throttles/cpu.ts'
import { http } from '../../src/throttles/http.ts'
import { pauseFile } from '../../src/throttles/pause-file.ts'
import { probe } from '../../src/throttles/probe.ts'
import { query } from '../../src/throttles/query.ts'
import { schedule } from '../../src/throttles/schedule.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { holds, letsGo, noSession, openThrottle, throttleSession } from '../support/throttles.ts'

forEachVersion('query', (version) => {
  test('holds while its first column is true, or 1 and more, for the reason of the second', async () => {
    await using database = await freshDatabase(version, { setup: 'create table jobs (id int); insert into jobs values (1), (2)' })
    await using session = await throttleSession(database.url)
    const client = await database.client()
    const open = (sql: string) => openThrottle(query, sql, { session })
    const flag = open(`select count(*) > 1, count(*) || ' jobs wait' from jobs -- the queue`)
    const ratio = open('select count(*) / 2.0 as x, 1 as y from jobs;')
    expect([await holds(flag), await holds(ratio)]).toEqual(['2 jobs wait', 'the query gave 1'])
    await client.query('delete from jobs where id = 1')
    expect([await letsGo(flag), await letsGo(ratio)]).toEqual(['1 jobs wait', 'the query gave 0.5'])
    expect((await open('select count(*) from jobs').read()).load).toBe(1)
  })

  test('changes nothing, is one statement, ends in time, and leaves the session as it was', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table jobs (id int);
        create function sneaky() returns bool language plpgsql as $$ begin insert into jobs values (1); return false; end $$`,
    })
    await using session = await throttleSession(database.url)
    const open = (sql: string) => openThrottle(query, sql, { session }).read()
    await expect(open('select sneaky()')).rejects.toMatchObject({ code: '25006' })
    await expect(open('select false; insert into jobs values (1); select false')).rejects.toMatchObject({ code: '42601' })
    await expect(open('select pg_sleep(30) is null')).rejects.toMatchObject({ code: '57014' })
    expect(await session.query(`select (select count(*)::int from jobs) as jobs, current_setting('transaction_read_only') as ro`)).toEqual([
      { jobs: 0, ro: 'off' },
    ])
  })

  test('waits until the session is free, which throttles share', async () => {
    await using database = await freshDatabase(version)
    await using session = await throttleSession(database.url)
    const warned = vi.fn<(warning: Error) => void>()
    process.on('warning', warned)
    const together = ['select pg_sleep(0.1) is null', 'select false', 'select 1/0', 'select true'].map((sql) =>
      openThrottle(query, sql, { session }).read(),
    )
    expect((await Promise.allSettled(together)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    process.off('warning', warned)
    expect(warned.mock.calls).toEqual([])
  })

  test('gives no answer where there is not one row with a number in it', async () => {
    await using database = await freshDatabase(version)
    await using session = await throttleSession(database.url)
    const open = (sql: string) => openThrottle(query, sql, { session }).read()
    await expect(open('select true where false')).rejects.toThrow('gave 0 rows; it must give one')
    await expect(open('values (true), (false)')).rejects.toThrow('gave 2 rows; it must give one')
    await expect(open('select null::bool')).rejects.toThrow('first column is null; it must be a boolean or a number')
    await expect(open(`select 'yes'`)).rejects.toThrow('first column is yes')
  })
})

forEachVersion('probe', (version) => {
  test('holds after one slow answer until three were quick, and does not count the time in the queue', async () => {
    await using database = await freshDatabase(version, { setup: 'create table settings (slow float); insert into settings values (0)' })
    await using session = await throttleSession(database.url)
    const client = await database.client()
    const throttle = openThrottle(probe, '150ms select pg_sleep(slow) from settings', { session })
    await letsGo(throttle)
    await client.query('update settings set slow = 0.2')
    expect((await throttle.read()).reason).toMatch(/^the query took 2\d\d ms, worst of [23] \(limit 150 ms\)$/)
    await client.query('update settings set slow = 0')
    const later = [await throttle.read(), await throttle.read(), await throttle.read()]
    expect(later.map(({ load }) => load >= 1)).toEqual([true, true, false])
    const other = openThrottle(query, 'select pg_sleep(0.5) is null', { session }).read()
    expect((await throttle.read()).load).toBeLessThan(1)
    await other
  })

  test('changes nothing and ends in time', async () => {
    await using database = await freshDatabase(version, { setup: 'create sequence s' })
    await using session = await throttleSession(database.url)
    const open = (sql: string) => openThrottle(probe, sql, { session }).read()
    await expect(open(`1s select nextval('s')`)).rejects.toMatchObject({ code: '25006' })
    await expect(open('1s select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
  })
})

forEachVersion('schedule', (version) => {
  test('holds within the hours that it must not, and outside of those in which it may, by the clock of the server', async () => {
    await using database = await freshDatabase(version)
    await using session = await throttleSession(database.url)
    await session.query(`set timezone = 'Pacific/Auckland'`)
    const [clock] = await session.query(`
      select to_char(localtimestamp - interval '1 hour', 'HH24:MI') as before, to_char(localtimestamp + interval '1 hour', 'HH24:MI') as after,
        lower(to_char(localtimestamp - interval '1 hour', 'Dy')) as began, lower(to_char(localtimestamp + interval '3 days', 'Dy')) as other`)
    const [now, rest] = [
      `${String(clock?.['before'])}-${String(clock?.['after'])}`,
      `${String(clock?.['after'])}-${String(clock?.['before'])}`,
    ]
    const [began, other] = [String(clock?.['began']), String(clock?.['other'])]
    const load = async (value: string) => (await openThrottle(schedule, value, { session }).read()).load
    expect(await Promise.all([`not ${now}`, `only ${rest}`, `not ${began} ${now}`, `only ${other}`].map(load))).toEqual([1, 1, 1, 1])
    expect(await Promise.all([`not ${rest}`, `only ${now}`, `not ${other} ${now}`, `not ${other}`].map(load))).toEqual([0, 0, 0, 0])
    const reason = await holds(openThrottle(schedule, `not ${now}`, { session }))
    expect(reason).toMatch(/^it is [A-Z][a-z]{2} \d\d:\d\d \(Pacific\/Auckland\) on the server \(not .*\)$/)
  })
})

describe('pause-file', () => {
  test('holds while the file is there, and where it cannot be looked at', async () => {
    const folder = mkdtempSync(join(os.tmpdir(), 'pause-'))
    const file = join(folder, 'stop')
    const throttle = openThrottle(pauseFile, file, { session: noSession() })
    expect(await letsGo(throttle)).toBe(`${file} is not there`)
    writeFileSync(file, '')
    expect(await holds(throttle)).toBe(`${file} is there; remove it to go on`)
    await expect(openThrottle(pauseFile, join(file, 'below'), { session: noSession() }).read()).rejects.toMatchObject({ code: 'ENOTDIR' })
    rmSync(file)
    await letsGo(throttle)
    rmSync(folder, { recursive: true })
  })
})

describe('cpu', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('holds where the load of this machine is above the limit for each processor', async () => {
    const local = noSession('127.0.0.1')
    const now = Math.max(0.02, os.loadavg()[0] ?? 0) / os.availableParallelism()
    expect((await openThrottle(cpu, '1000000%', { session: local }).read()).load).toBeLessThan(1)
    expect((await openThrottle(cpu, `${(now * 100).toFixed(4)}%`, { session: local }).read()).load).toBeLessThan(3)
    vi.spyOn(os, 'loadavg').mockReturnValue([3, 0, 0])
    vi.spyOn(os, 'availableParallelism').mockReturnValue(2)
    expect(await holds(openThrottle(cpu, '150%', { session: local }))).toBe('the load is 3.0 on 2 processors: 150 % (limit 150 %)')
    await letsGo(openThrottle(cpu, '151%', { session: local }))
  })

  test('sees a server on a socket, and says so where the server is elsewhere', async () => {
    await using server = await startPostgres()
    await using session = await throttleSession(server.url)
    expect((await openThrottle(cpu, '80%', { session }).read()).load).toBeGreaterThanOrEqual(0)
    expect(() => openThrottle(cpu, '80%', { session: noSession() })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: '--throttle cpu: the processors of db.example.com cannot be seen from this machine',
      }),
    )
  })
})

describe('http', () => {
  test('lets go on 2xx, and holds on any other status, on a redirect and on no answer', async () => {
    let status = 200
    const [server, port] = await listen(
      createServer((_, response) => void response.writeHead(status, { location: '/', connection: 'close' }).end('text')),
    )
    const throttle = openThrottle(http, `http://127.0.0.1:${port}/go?token=secret`, { session: noSession() })
    for (status of [200, 204]) expect(await letsGo(throttle)).toBe(`http://127.0.0.1:${port}/go answers ${status}`)
    for (status of [302, 404, 503]) expect(await holds(throttle)).toBe(`http://127.0.0.1:${port}/go answers ${status}`)
    await new Promise((resolve) => server.close(resolve))
    expect(await holds(throttle)).toBe(`http://127.0.0.1:${port}/go gives no answer (connect ECONNREFUSED 127.0.0.1:${port})`)
  })

  test('sends the password of the URL as a header, and tells nobody', async () => {
    let authorization: string | undefined
    const [server, port] = await listen(
      createServer((request, response) => {
        authorization = request.headers.authorization
        response.writeHead(500).end()
      }),
    )
    const throttle = openThrottle(http, `http://me:p%40ss%@127.0.0.1:${port}/`, { session: noSession() })
    expect(await holds(throttle)).toBe(`http://127.0.0.1:${port}/ answers 500`)
    expect(authorization).toBe(`Basic ${Buffer.from('me:p@ss%').toString('base64')}`)
    server.close()
    for (const value of ['ftp://me:hid@den@host/?token=hidden', 'me:hidden@host/?x=@'])
      expect(() => openThrottle(http, value, { session: noSession() })).toThrow(
        expect.objectContaining({ message: '--throttle http: the value "***@host/" cannot be read' }),
      )
  })

  test('gives a silent server 2 s, and holds then', async () => {
    const [server, port] = await listen(createServer(() => undefined))
    const throttle = openThrottle(http, `http://127.0.0.1:${port}/`, { session: noSession() })
    expect(await holds(throttle)).toBe(`http://127.0.0.1:${port}/ gives no answer in 2 s`)
    server.closeAllConnections()
    server.close()
  })
})

async function listen(server: Server): Promise<readonly [Server, number]> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return [server, typeof address === 'object' ? (address?.port ?? 0) : 0]
}
