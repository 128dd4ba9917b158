import { expect, test } from 'vitest'
import { namesIt } from '../../src/postgres/naming.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const long = 'a_column_whose_name_is_as_long_as_the_server_lets_a_name_be_63_b'.slice(0, 63)

/** A name, texts that say it, and texts that do not. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'full_name',
    ['full_name', 'select FULL_NAME from users', 'u."full_name"', '(u.full_name)', 'a."x"full_name"y"', 'set full_name=$1', "'full_name'"],
    ['full_names', 'my_full_name', '"Full_Name"', 'u."FULL_NAME"', 'full$name', 'full_name$1', 'full', '"full_name_of"', ''],
  ],
  ['userId', ['"userId"', 'u."userId"'], ['userid', 'userId', 'USERID', '"userid"', '"userIds"']],
  ['order', ['"order"', 'o.order', 'o.ORDER'], ['orders', '"Order"']],
  ['id', ['select id', 'ID', 'x.id=1', 'id'], ['idx', 'uid', 'user_id', '_id', '"ID"', 'id2']],
  ['a"b', ['"a""b"'], ['"a"b"', 'ab']],
  ['my col', ['"my col"', 'u."my col"'], ['my col', 'my_col', '"my cols"']],
  ['цена', ['select цена', '"цена"', 't.цена=1'], ['Цена2', 'оценка']],
  ['naïve', ['naïve', 'NAïVE', '"naïve"'], ['"NAïVE"', 'naive']],
  [String.raw`a\b%_.*`, [String.raw`"a\b%_.*"`], ['"a_b"', String.raw`"a\\b%_.*"`]],
  ['x$1', ['x$1', 'X$1'], ['x$', 'x$12', 'x1']],
  [long, [long, `${long}_and_more`, `"${long}and_more"`, long.toUpperCase()], [long.slice(0, -3), `x${long}`]],
]

forEachVersion('a name in a text', (version) => {
  test('is found as a whole identifier, bare in any case and quoted in its own', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    for (const [name, said, unsaid] of cases) {
      const says = async (text: string) =>
        (await client.query<{ says: boolean }>(`select ${namesIt('t.text', name)} as says from (select $1::text as text) t`, [text]))
          .rows[0]?.says
      for (const text of said) expect(await says(text), `${name} in ${text}`).toBe(true)
      for (const text of unsaid) expect(await says(text), `${name} in ${text}`).toBe(false)
    }
  })

  test('is never missed where the server itself finds a column by it', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const names = cases.map(([name]) => name)
    const columns = names.map((name) => `"${name.replaceAll('"', '""')}" int`)
    await client.query(`create table t (${columns.join(', ')})`)
    for (const text of cases.flatMap(([, said, unsaid]) => [...said, ...unsaid])) {
      const found = await client.query(`select ${text} from t as t, t as u, t as o, t as x limit 0`).catch(() => undefined)
      const column = found?.fields.length === 1 ? found.fields[0]?.name : undefined
      if (column === undefined || !names.includes(column)) continue
      const { rows } = await client.query<{ says: boolean }>(
        `select ${namesIt('t.text', column)} as says from (select $1::text as text) t`,
        [text],
      )
      expect(rows[0]?.says, `${column} in ${text}`).toBe(true)
    }
  })
})
