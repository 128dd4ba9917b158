import { expect, test } from 'vitest'
import { inline } from '../../src/postgres/inline.ts'
import { loadParser } from '../../src/postgres/parse.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

await loadParser()

const values: readonly (readonly [type: string, value: unknown])[] = [
  ['text', `it's "a" \\ {b}, NULL`],
  ['text', null],
  ['int', 7],
  ['bigint', 9007199254740993n],
  ['boolean', false],
  ['timestamptz', new Date('2026-11-25T01:02:03.456Z')],
  ['bytea', new Uint8Array([0, 255, 92, 39])],
  ['jsonb', { a: `'"\\`, b: [1, null] }],
  ['text[]', [`it's`, '"a"', 'b\\c', '{d,e}', 'NULL', null, '', ' x ']],
  [
    'int[]',
    [
      [1, 2],
      [3, null],
    ],
  ],
  ['bigint[]', []],
  ['timestamptz[]', [new Date(0)]],
  ['bytea[]', [new Uint8Array([92, 34])]],
]

forEachVersion('inline', (version) => {
  test('a literal in the text is to the server what the driver would have sent as a parameter', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    for (const [type, value] of values) {
      const sql = `SELECT $1::${type}::text AS value -- not $2`
      const text = inline(sql, [value])
      expect((await client.query(text ?? '')).rows, type).toEqual((await client.query(sql, [value])).rows)
    }
  })
})

test('what has no text is not inlined', () => {
  expect(inline('SELECT $1', [() => 1])).toBeUndefined()
  expect(inline('SELECT $1', [[() => 1]])).toBeUndefined()
  expect(inline('SELECT $2', ['only one'])).toBeUndefined()
})

const around: unknown[] = []
around.push(around)

test.each([
  ['a date that is none', new Date(Number.NaN)],
  ['a list with a date that is none', [new Date(Number.NaN)]],
  ['an object that holds itself', { list: around }],
  ['a list that holds itself', around],
  ['an object with a bigint', { count: 1n }],
])('%s is not inlined, and is no error of ours', (_what, value) => {
  expect(inline('SELECT $1', [value])).toBeUndefined()
})
