import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type EmbeddedServer } from '../../src/embedded/start.ts'
import type { Session } from '../../src/model/session.ts'
import type { Throttle } from '../../src/model/throttle.ts'
import type { PostgresSession } from '../../src/postgres/session.ts'
import { archiveQueue } from '../../src/throttles/archive-queue.ts'
import { replicaLag } from '../../src/throttles/replica-lag.ts'
import { slotLag } from '../../src/throttles/slot-lag.ts'
import { testVersions } from '../support/postgres.ts'
import { standbyOf } from '../support/standby.ts'
import { holds, letsGo, openThrottle, throttleSession } from '../support/throttles.ts'

const write = 'insert into filler select repeat(md5(n::text), 30) from generate_series(1, 2000) n'

describe.each(testVersions)('on PostgreSQL %i', (version) => {
  let primary: EmbeddedServer
  let client: pg.Client
  let session: PostgresSession
  let shy: PostgresSession

  beforeAll(async () => {
    primary = await startPostgres({ version, settings: { archive_mode: 'on' } })
    client = new pg.Client({ connectionString: primary.url })
    await client.connect()
    await client.query('create table filler (t text); create role shy')
    const [slow, broken] = [join(primary.folder, 'slow'), join(primary.folder, 'broken')]
    await client.query(`alter system set archive_command = 'while test -e ${slow}; do sleep 0.1; done; test ! -e ${broken}'`)
    await client.query('select pg_reload_conf()')
    session = await throttleSession(primary.url)
    shy = await throttleSession(primary.url)
    await shy.query('set role shy')
  })

  afterAll(async () => {
    await Promise.all([session.close(), shy.close(), client.end()])
    await primary.stop()
  })

  async function fillSegment(): Promise<void> {
    await client.query(write)
    await client.query('select pg_switch_wal()')
  }

  test('slot-lag holds while a slot that nobody reads keeps WAL, and lets go once it is gone', async () => {
    const throttle = openThrottle(slotLag, '1MB', { session: shy })
    expect(await letsGo(throttle)).toBe('no replication slot keeps WAL')
    await client.query(`select pg_create_physical_replication_slot('left_over', true)`)
    expect((await throttle.read()).load).toBeLessThan(1)
    await client.query(write)
    expect(await holds(throttle)).toMatch(/^slot left_over \(nobody reads it\) keeps \S+ MB of WAL \(limit 1 MB\)$/)
    expect((await openThrottle(slotLag, '1GB', { session }).read()).load).toBeLessThan(1)
    await client.query(`select pg_drop_replication_slot('left_over')`)
    await letsGo(throttle)
  })

  test('archive-queue holds while files wait or archiving fails, whatever the role may see, and lets go once it works', async () => {
    const [slow, broken] = [join(primary.folder, 'slow'), join(primary.folder, 'broken')]
    const open = (value: string) => [session, shy].map((each) => openThrottle(archiveQueue, value, { session: each }))
    const [two, many] = [open('2'), open('1000')]
    await expect(shy.query('select pg_ls_archive_statusdir()')).rejects.toMatchObject({ code: '42501' })
    await fillSegment()
    await expect.poll(() => all(letsGo, two)).toEqual(both('0 WAL files wait to be archived (limit 2)'))
    writeFileSync(slow, '')
    await fillSegment()
    await expect.poll(() => all(letsGo, two)).toEqual(both('1 WAL files wait to be archived (limit 2)'))
    await fillSegment()
    expect(await all(holds, two)).toEqual(both('2 WAL files wait to be archived (limit 2)'))
    writeFileSync(broken, '')
    rmSync(slow)
    const failing = /^archiving fails, the last time at \d\d:\d\d:\d\d on [0-9A-F]{24}; 2 WAL files wait to be archived \(limit 1000\)$/
    expect(await all(holds, many)).toEqual(both(expect.stringMatching(failing)))
    rmSync(broken)
    await fillSegment()
    await all(letsGo, [...two, ...many])
    writeFileSync(slow, '')
    await fillSegment()
    await expect.poll(() => all(letsGo, many)).toEqual(both('1 WAL files wait to be archived (limit 1000)'))
    rmSync(slow)
  })

  test('replica-lag holds while a standby does not replay, and while it is not seen, and lets go afterwards', async () => {
    await using standby = await standbyOf(primary)
    await using replica = await throttleSession(standby.url)
    const open = (value: string, ...replicas: readonly Session[]) => openThrottle(replicaLag, value, { session, replicas })
    const throttles = [open('1s'), open('1h,1MB')]
    await expect.poll(() => session.standbys()).toHaveLength(1)
    await all(letsGo, throttles)
    await replica.query('select pg_wal_replay_pause()')
    await client.query(write)
    expect(await all(holds, throttles)).toEqual([
      expect.stringMatching(/^standby walreceiver is \d(\.\d)? s behind \(limit 1 s\)$/),
      expect.stringMatching(/^standby walreceiver is \S+ MB of WAL behind \(limit 1 MB\)$/),
    ])
    await replica.query('select pg_wal_replay_resume()')
    await all(letsGo, throttles)
    const hidden = openThrottle(replicaLag, '1h', { session: shy })
    expect(await holds(hidden)).toMatch(/^standby walreceiver cannot be seen: role shy .*grant pg_monitor to it/)
    await client.query('grant pg_monitor to shy')
    await letsGo(hidden)
    await client.query('revoke pg_monitor from shy')
  })

  test('replica-lag holds while a replica that the primary does not show is behind, and not while the primary is idle', async () => {
    await using standby = await standbyOf(primary)
    await using replica = await throttleSession(standby.url)
    const open = (value: string, ...replicas: readonly Session[]) => openThrottle(replicaLag, value, { session, replicas })
    const name = `replica ${standby.socketFolder}:${standby.port}`
    const throttles = [open('1s', replica), open('1MB', replica)]
    await client.query('insert into filler values (1)')
    await all(letsGo, throttles)
    const [row] = await replica.query('show primary_conninfo')
    await connectTo(replica, '')
    await expect.poll(() => session.standbys(), { timeout: 10_000 }).toEqual([])
    await sleep(1_200)
    expect((await all(letsGo, [...throttles, open('1s', replica)])).length).toBe(3)
    await client.query(write)
    expect(await all(holds, throttles)).toEqual([
      expect.stringMatching(new RegExp(`^${name} is \\S+ s behind \\(limit 1 s\\)$`)),
      expect.stringMatching(new RegExp(`^${name} is \\S+ MB of WAL behind \\(limit 1 MB\\)$`)),
    ])
    await connectTo(replica, String(row?.['primary_conninfo']))
    await all(letsGo, throttles)
    await replica.close()
    expect(await holds(open('1h', replica))).toContain(`${name} cannot be read: `)
    expect(await holds(open('1h', session))).toContain('replays no WAL: it is no standby, or no longer')
  })
})

async function all(does: (throttle: Throttle) => Promise<string>, throttles: readonly Throttle[]): Promise<readonly string[]> {
  return await Promise.all(throttles.map(does))
}

function both<T>(reason: T): readonly T[] {
  return [reason, reason]
}

/** Where a standby gets its WAL from; nowhere: it stays where it is. */
async function connectTo(replica: Session, conninfo: string): Promise<void> {
  await replica.query(`alter system set primary_conninfo = '${conninfo.replaceAll("'", "''")}'`)
  await replica.query('select pg_reload_conf()')
}
