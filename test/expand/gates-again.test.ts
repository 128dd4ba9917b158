import { expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { complete } from '../../src/run/complete.ts'
import { run } from '../../src/run/run.ts'
import { fold } from '../../src/run/state.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { runOptions } from '../support/run.ts'

const setup = `create table users (id int primary key, full_name text); insert into users select n, 'u' || n from generate_series(1, 100) n`
const rename = 'alter table users rename column full_name to name'
const contract = { overrides: [{ gate: 'unused', reason: 'nobody else is here' }], minAgeMs: 0, waitMs: 0 }

async function stateOf(url: string) {
  await using session = await connect({ url, applicationName: 'look' })
  return fold(await postgres.journal(session).read('p')).get('m1')?.state
}

forEachVersion('a gate that was passed', (version) => {
  test('is asked again where the contract did not come to its first step', async () => {
    await using database = await freshDatabase(version, { setup })
    await postgres.load()
    await using session = await connect({ url: database.url, applicationName: 'look' })
    const options = runOptions(database.url, planAll(await session.readCatalog(), [sqlMigration(rename)]), { maxLockWaitMs: 500 })
    await run(options)
    const holder = await database.client()
    await holder.query('begin; lock table users in access share mode')
    await expect(complete({ ...options, contract })).rejects.toMatchObject({ code: 'lock-not-had' })
    await holder.query('commit')
    await holder.query(`create function shout() returns text language sql as 'select upper(full_name) from users limit 1'`)
    await expect(complete({ ...options, contract })).rejects.toMatchObject({ code: 'gate-closed' })
    // What an apply comes by meanwhile it leaves as it is: expanded.
    expect((await run(options)).migrations).toMatchObject([{ state: 'expanded' }])
    expect(await stateOf(database.url)).toBe('expanded')
    await holder.query('drop function shout()')
    expect((await complete({ ...options, contract })).migrations).toMatchObject([{ state: 'complete' }])
  })
})
