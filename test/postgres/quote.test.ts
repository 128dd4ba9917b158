import { expect, test } from 'vitest'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const hostile = [
  'plain',
  'a_1',
  '_a',
  '1a',
  'Upper',
  'camelCase',
  'with space',
  'with.dot',
  'a"b',
  '"',
  '""',
  `a'b`,
  'a$b',
  '$1',
  'a-b',
  'é',
  'ñandú',
  '表',
  '😀',
  'tab\there',
  'line\nbreak',
  'back\\slash',
  ';drop table x',
  '--',
  '/*',
  'a'.repeat(63),
  'é'.repeat(31),
  'İ',
  'ß',
  ' ',
  'null',
  'NULL',
  '',
  '_',
  'a%b',
  'pg_catalog',
]

forEachVersion('postgresDialect', (version) => {
  test('quotes keywords and hostile names as quote_ident does; of later keywords the worst is that they are quoted too', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { rows } = await client.query<{ name: string; quoted: string }>(
      'SELECT name, quote_ident(name) AS quoted FROM (SELECT word AS name FROM pg_get_keywords() UNION SELECT unnest($1::text[])) AS names',
      [hostile],
    )
    expect(rows.length).toBeGreaterThan(430)
    const wrong = rows.filter(({ name, quoted }) => {
      const ours = postgresDialect.name(name)
      return ours !== quoted && !(version < 18 && ours === `"${quoted}"`)
    })
    expect(wrong).toEqual([])
  })

  test('joins parts to a name under which the server finds the table', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    for (const name of hostile.filter((each) => each !== '')) {
      const key = postgresDialect.name(`s ${name.slice(0, 20)}`, name)
      await client.query(
        `CREATE SCHEMA ${postgresDialect.name(`s ${name.slice(0, 20)}`)} CREATE TABLE ${postgresDialect.name(name)} (${postgresDialect.name(name)} int)`,
      )
      const { rows } = await client.query<{ found: string }>('SELECT relname AS found FROM pg_class WHERE oid = $1::regclass', [key])
      expect(rows).toEqual([{ found: name }])
    }
  })

  test.each(['on', 'off'])('writes values that come back unchanged with standard_conforming_strings = %s', async (setting) => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    await client.query(
      `SET standard_conforming_strings = ${setting}; SET TIME ZONE 'Asia/Kolkata'; SET backslash_quote = on; SET escape_string_warning = off`,
    )
    for (const text of [...hostile, `'; DROP TABLE x; --`, `\\'`, '\\\\', `E'\\n'`, 'x'.repeat(10_000)]) {
      const { rows } = await client.query<{ value: string }>(`SELECT ${postgresDialect.literal(text)}::text AS value`)
      expect(rows).toEqual([{ value: text }])
    }
    const date = new Date('2026-03-29T01:30:00.123Z')
    const values = `SELECT ${postgresDialect.literal(date)} AS d, ${postgresDialect.literal(-5)} AS n, ${postgresDialect.literal(0.1)} AS f, ${postgresDialect.literal(12345678901234567890n)}::text AS big, ${postgresDialect.literal(true)} AS t, ${postgresDialect.literal(null)} AS z`
    expect((await client.query(values)).rows).toEqual([{ d: date, n: -5, f: '0.1', big: '12345678901234567890', t: true, z: null }])
  })
})

test('refuses what has no literal', () => {
  for (const value of [NaN, Infinity, -Infinity]) expect(() => postgresDialect.literal(value)).toThrow('has no literal')
  for (const value of [new Date(NaN), new Date('-000044-03-15T00:00:00Z')])
    expect(() => postgresDialect.literal(value)).toThrow('has no literal')
  expect(() => postgresDialect.literal('a\0b')).toThrow('NUL byte')
  expect(() => postgresDialect.name('a\0b')).toThrow('NUL byte')
})
