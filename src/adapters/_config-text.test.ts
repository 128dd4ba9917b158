import { expect, test } from 'vitest'
import { elements, flag, setting, strings } from './_config-text.ts'

test.each([
  ["export default defineConfig({ migrations: { table: 'a' } })", 'a', 1],
  ['// migrations: { table: "no" }\nmodule.exports = {\n  "migrations": {\n    schema: x, "table": `My \\"T`,\n  },\n}', 'My "T', 4],
  ["const c: Config = { out: './x', migrations: { prefix: cond ? 'a' : 'b', table: 'd\\u00e9' } } satisfies Config", 'dé', 1],
  ["export default defineConfig({ migrations: { table: 'a' }, tablesFilter: ['x'], other: { table: 'z' } })", 'a', 1],
])('finds the string at migrations.table in %s', (source, value, line) => {
  expect(setting(source, ['migrations', 'table'])).toEqual({ kind: 'text', value, line })
})

test.each([
  '{ migrations: { table: NAME } }',
  '{ migrations: { table: `a${b}` } }',
  "{ migrations: { table: 'a' + b } }",
  "{ migrations: { table: 'a'.toUpperCase() } }",
])('says that it cannot know %s', (source) => {
  expect(setting(source, ['migrations', 'table'])).toEqual({ kind: 'code', line: 1 })
})

test.each([
  "{ table: 'a' }",
  "{ other: { migrations: { table: 'a' } } }",
  "// { migrations: { table: 'a' } }",
  "'migrations: { table: 1 }'",
])('finds nothing in %s', (source) => {
  expect(setting(source, ['migrations', 'table'])).toBeUndefined()
})

test('lists the strings at a key', () => {
  expect(strings("{ entities: ['e'], migrations: [__dirname + '/m/*.ts', join('a', 'b')], x: 'no' }", 'migrations')).toEqual([
    '/m/*.ts',
    'a',
    'b',
  ])
})

test.each([
  ["{ seeds: { directory: 'no' }, migrations: { directory: './a' } }", [['./a']]],
  ["{ migrations: { directory: ['./a', path.join(__dirname, 'b', 'c'),] , extension: 'ts' } }", [['./a'], ['b', 'c']]],
  ['{ migrations: { directory: `${__dirname}/a`, tableName: "t" } }', [['/a']]],
  ['{ migrations: { directory: [FOLDER, `${x}/a`] } }', [undefined, undefined]],
  ['{ directory: "a" }', []],
])('lists the elements at migrations.directory in %s', (source, expected) => {
  expect(elements(source, ['migrations', 'directory'])).toEqual(expected)
})

test('tells a plain true from anything else', () => {
  expect(flag('{ a: { b: true } }', ['a', 'b'])).toBe(true)
  for (const source of ['{ a: { b: false } }', '{ a: { b: TRUE } }', '{ b: true }']) expect(flag(source, ['a', 'b'])).toBe(false)
})
