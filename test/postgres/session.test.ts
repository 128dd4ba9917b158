import pg from 'pg'
import { expect, test } from 'vitest'
import { LockkeeperError } from '../../src/model/errors.ts'
import { startPostgres } from '../../src/embedded/start.ts'
import { connect } from '../../src/postgres/session.ts'
import { forEachVersion, freshDatabase, serverFor } from '../support/postgres.ts'
import { startTransactionPooler } from '../support/transaction-pooler.ts'

const name = { applicationName: 'lockkeeper' }

async function failure(url: string): Promise<LockkeeperError> {
  try {
    await connect({ ...name, url, connectTimeoutMs: 3_000 })
  } catch (error) {
    if (error instanceof LockkeeperError) return error
    throw error
  }
  throw new Error('connected')
}

forEachVersion('session', (version) => {
  test('a transaction pooler is refused with the reason, and nothing of ours stays on its backends', async () => {
    await using database = await freshDatabase(version)
    await using pooler = await startTransactionPooler(database.url)
    const application = new pg.Client({ connectionString: pooler.url })
    await application.connect()
    await application.query(`select 1`)
    await expect(connect({ ...name, url: pooler.url })).rejects.toMatchObject({ code: 'pooler' })
    expect((await application.query<{ t: string }>(`select current_setting('idle_in_transaction_session_timeout') as t`)).rows).toEqual([
      { t: '0' },
    ])
    await application.end()
  })

  test('a statement is ended by its signal through the control session, and the session lives on', async () => {
    await using database = await freshDatabase(version)
    await using control = await connect({ url: database.url, applicationName: 'lockkeeper control' })
    await using work = await connect({ ...name, url: database.url, control })
    const stop = new AbortController()
    const sleeping = work.query('select pg_sleep(30)', [], { signal: stop.signal })
    await expect
      .poll(
        async () => (await control.query(`select 1 from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [work.pid])).length,
      )
      .toBe(1)
    stop.abort()
    await expect(sleeping).rejects.toMatchObject({ code: '57014' })
    expect(await work.query('select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a statement timeout is told from a cancel', async () => {
    await using database = await freshDatabase(version)
    await using work = await connect({ ...name, url: database.url })
    const error = await work.query('select pg_sleep(5)', [], { statementTimeoutMs: 50 }).catch((caught: unknown) => caught)
    expect(work.classify(error)).toBe('statement-timeout')
  })

  test('a backend that is ended from outside gives connection-lost, now and at the next statement', async () => {
    await using database = await freshDatabase(version)
    await using control = await connect({ url: database.url, applicationName: 'lockkeeper control' })
    const work = await connect({ ...name, url: database.url })
    const sleeping = work.query('select pg_sleep(30)').catch((caught: unknown) => work.classify(caught))
    await control.cancel(work.pid, 'terminate')
    expect(await sleeping).toBe('connection-lost')
    await expect(work.query('select 1')).rejects.toMatchObject({ code: 'connection-lost' })
    await work.close()
  })

  test('the settings of the role do not reach our statements', async () => {
    await using database = await freshDatabase(version, { setup: `alter role postgres set statement_timeout = '1s'` })
    await using work = await connect({ ...name, url: database.url })
    const client = await database.client()
    await client.query('alter role postgres reset statement_timeout')
    expect(await work.query('show statement_timeout')).toEqual([{ statement_timeout: '0' }])
  })

  test('numbers beyond 2^53 keep their digits', async () => {
    await using database = await freshDatabase(version)
    await using work = await connect({ ...name, url: database.url })
    expect(await work.query('select 9007199254740993::int8 as n')).toEqual([{ n: 9_007_199_254_740_993n }])
  })

  test('what cannot be reached, and what does not exist, is told apart, without the password', async () => {
    const server = await serverFor(version)
    const missing = await failure(server.databaseUrl('not_there').replace('postgres@', 'postgres:hush@'))
    const nobody = await failure('postgres://postgres:hush@127.0.0.1:1/postgres')
    const invalid = await failure('postgres://u:hu sh@[bad/x')
    expect([missing.code, nobody.code, invalid.code]).toEqual(['database-missing', 'unreachable', 'url-invalid'])
    for (const error of [missing, nobody, invalid]) expect(JSON.stringify([error.code, error.message, error.stack])).not.toContain('hush')
  })

  test('a password in the query of another session is not shown', async () => {
    await using database = await freshDatabase(version, { setup: 'create table t (id int)' })
    await using control = await connect({ url: database.url, applicationName: 'lockkeeper control' })
    const other = await database.client()
    await other.query(`begin; lock table t; select 'postgres://u:secret@h/d', 'password = ''secret'''`)
    const [blocker] = await control.blockers(
      [{ relation: 'public.t', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true }],
      [],
    )
    expect(blocker?.query).not.toContain('secret')
    expect(blocker?.mode).toBe('AccessExclusiveLock')
  })
})

test('a read-only server is refused: a replica and default_transaction_read_only', async () => {
  await using server = await startPostgres({ settings: { default_transaction_read_only: 'on' } })
  await using session = await connect({ ...name, url: server.url })
  await expect(session.refuseReadOnly()).rejects.toMatchObject({ code: 'read-only-server' })
})
