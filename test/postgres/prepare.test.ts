import { expect, test } from 'vitest'
import { connect } from '../../src/postgres/session.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

forEachVersion('a statement that is only prepared', (version) => {
  test('tells its parameters and columns, changes nothing, and leaves the session usable where the server refuses it', async () => {
    await using database = await freshDatabase(version, { setup: 'create table t (id int primary key, v varchar(7))' })
    await using session = await connect({ url: database.url, applicationName: 'test' })
    const [int4, text, varchar] = [23, 25, 1043]
    expect(await session.prepare('select id, v from t where id = $1 limit $2')).toEqual({
      parameters: [int4, 20],
      columns: [
        { name: 'id', type: int4, modifier: -1 },
        { name: 'v', type: varchar, modifier: 11 },
      ],
    })
    expect(await session.prepare('insert into t (id) values (1)')).toEqual({ parameters: [] })
    await expect(session.prepare('select nothing from t')).rejects.toMatchObject({ code: '42703' })
    await expect(session.prepare('select $1 is null')).rejects.toMatchObject({ code: '42P18' })
    expect(await session.prepare('select $1 is null', [text])).toMatchObject({ parameters: [text] })
    const both = await Promise.all([session.prepare('select 1 as a'), session.prepare('select $1::int as b')])
    expect(both.map(({ parameters, columns }) => [parameters, columns?.[0]?.name])).toEqual([
      [[], 'a'],
      [[int4], 'b'],
    ])
    expect(await session.query('select count(*)::int as n from t')).toEqual([{ n: 0 }])
  })

  test('tells a lost connection from a refusal', async () => {
    await using database = await freshDatabase(version)
    await using session = await connect({ url: database.url, applicationName: 'test' })
    const client = await database.client()
    await client.query('select pg_terminate_backend($1)', [session.pid])
    const error: unknown = await session.prepare('select 1').then(
      async () => await session.prepare('select 1'),
      (failure: unknown) => failure,
    )
    expect(session.classify(error)).toBe('connection-lost')
  })
})
