import { expect, test } from 'vitest'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planChange } from '../support/type-change.ts'

const setup = `create table old_things (id serial primary key); insert into old_things values (1);
  create table used (id int primary key); create table uses (id int references used); create view shows as select id from used`

forEachVersion('DROP TABLE with CASCADE, as Drizzle writes it always', (version) => {
  const planned = async (sql: string, allow: readonly string[] = []) => {
    await using database = await freshDatabase(version, { setup })
    const { steps, blocked } = (await planChange(database.url, sql, allow)).migrations[0] ?? { steps: [], blocked: [] }
    return { kinds: steps.map(({ kind }) => kind), blocked: blocked.map(({ rule, message }) => `${rule}: ${message}`) }
  }

  test('waits behind the gate like one without, where there is nothing else to take', async () => {
    const found = await planned('drop table old_things cascade')
    expect(found).toEqual(await planned('drop table old_things'))
    expect(found).toMatchObject({ kinds: ['gate', 'sql'], blocked: [] })
  })

  test('is refused where it takes more, until it is allowed by name', async () => {
    const { blocked } = await planned('drop table used cascade')
    expect(blocked.join('\n')).toMatch(/^drop-table: .*CASCADE takes with it what nobody has looked at/m)
    expect((await planned('drop table used cascade', ['drop-table'])).blocked).toEqual([])
  })
})
