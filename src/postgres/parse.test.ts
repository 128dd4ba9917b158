import { beforeAll, describe, expect, test } from 'vitest'
import { LockkeeperError } from '../model/errors.ts'
import { loadParser, parse, scan } from './parse.ts'

beforeAll(() => loadParser())

function read(sql: string) {
  return parse(Buffer.from(sql)).map(({ node: _node, parameters: _parameters, ...rest }) => rest)
}

function failure(sql: string | Uint8Array): { code: string; line: unknown; column: unknown } {
  try {
    parse(typeof sql === 'string' ? Buffer.from(sql) : sql)
  } catch (error) {
    if (error instanceof LockkeeperError) return { code: error.code, line: error.details['line'], column: error.details['column'] }
  }
  throw new Error('it was parsed')
}

describe('parse', () => {
  test('cuts statements at byte offsets and counts columns in characters', () => {
    expect(read("select 'é✓', 1; select 2")).toEqual([
      { sql: "select 'é✓', 1", start: 0, line: 1, column: 1, kind: 'SelectStmt' },
      { sql: 'select 2', start: 19, line: 1, column: 17, kind: 'SelectStmt' },
    ])
  })

  test('leaves comments before, behind and between statements out, and keeps those within', () => {
    expect(
      read('-- a\n/* b */ select /* in */ 1 -- tail; not an end\n;\n-- c\n').map(({ sql, line, column }) => [sql, line, column]),
    ).toEqual([['select /* in */ 1', 2, 9]])
  })

  test.each(['', ' \n', ';', ';;\n;', '-- nothing', '/* nothing */', '\uFEFF', '\uFEFF;'])('finds no statement in %j', (sql) => {
    expect(read(sql)).toEqual([])
  })

  test('passes over a byte order mark', () => {
    expect(read('\uFEFFselect 1;\nselect 2').map(({ start, line, column }) => [start, line, column])).toEqual([
      [3, 1, 1],
      [13, 2, 1],
    ])
  })

  test('keeps a semicolon inside quotes and SQL bodies', () => {
    const body = 'create function f() returns int begin atomic select 1; select 2; end'
    expect(read(`${body}; select ';', $$;$$`).map(({ sql }) => sql)).toEqual([body, "select ';', $$;$$"])
  })

  test.each([
    ['select 1;\nselect é, ;', 'syntax', 2, 11],
    ["select 'abc", 'syntax', 1, 8],
    ['select 1 from', 'syntax', 1, 14],
    [`select ${'('.repeat(20_000)}1`, 'syntax', 1, 10_004],
    ['select 1\0; drop table x', 'nul-byte', 1, 9],
    ['\\connect other\nselect 1', 'meta-command', 1, 1],
    ['select 1\n\\gexec', 'meta-command', 2, 1],
    ['select :limit', 'meta-command', 1, 8],
    ["select 1;\nselect :'é'", 'meta-command', 2, 8],
    ['copy t from stdin;\n1\ta\n\\.\n', 'meta-command', 2, 1],
  ] as const)('refuses %j with %s at line %i, column %i', (...[sql, code, line, column]) => {
    expect(failure(sql)).toEqual({ code, line, column })
  })

  test.each([
    ['additions', (n: number) => `select ${'1+'.repeat(n)}1`],
    ['casts', (n: number) => `select 1${'::int'.repeat(n)}`],
    ['unions', (n: number) => `select 1${' union select 1'.repeat(n)}`],
    ['joins', (n: number) => `select 1 from a${' join b on true'.repeat(n)}`],
    ['conditions', (n: number) => `select ${'case when '.repeat(n)}true${' then 1 end'.repeat(n)}`],
  ])('reads 200 %s in a row, and refuses what is nested deeper than a tree can be walked', (_, chain) => {
    expect(read(chain(200))).toHaveLength(1)
    for (const n of [1600, 30_000]) expect(failure(`select 1;\n${chain(n)}`).code).toBe('syntax')
  })

  test('goes on reading after the stack of the parser ran out again and again', async () => {
    for (let n = 0; n < 60; n += 1) {
      await loadParser()
      expect(failure(`select 1${'::int'.repeat(20_000)}`).code).toBe('syntax')
    }
    await loadParser()
    expect(read('select 1')).toHaveLength(1)
  })

  test('refuses comments within comments in time', () => {
    const began = performance.now()
    expect(failure(`${'/*'.repeat(100_000)} select 1`).code).toBe('syntax')
    expect(performance.now() - began).toBeLessThan(1000)
    expect(read(`/*${'*'.repeat(5000)}*/ select 1 ${'/* a */'.repeat(3000)}`)).toHaveLength(1)
  })

  test('keeps a name that ends in what only JavaScript takes for blank', () => {
    expect(read('update t set a =\u00a0').map(({ sql }) => sql)).toEqual(['update t set a =\u00a0'])
    expect(failure('\u00a0').code).toBe('syntax')
  })

  test('refuses bytes that are not UTF-8', () => {
    expect(failure(new Uint8Array([0x73, 0xff, 0x3b])).code).toBe('syntax')
  })

  test('gives each tree places in the bytes of its own statement', () => {
    const [, second] = parse(Buffer.from("\uFEFFselect 'é'; select 1, b from t"))
    const found = [...JSON.stringify(second?.node).matchAll(/"location":(\d+)/g)].map(([, place]) => Number(place))
    expect(found.toSorted((one, other) => one - other)).toEqual([7, 7, 10, 10, 17])
  })

  test('takes an array slice for what it is', () => {
    expect(read('select a[1:b] from t')).toHaveLength(1)
  })

  test('reads a subarray of a larger buffer', () => {
    expect(parse(Buffer.from('xxselect 1yy').subarray(2, 10)).map(({ sql }) => sql)).toEqual(['select 1'])
  })
})

describe('scan', () => {
  test('gives tokens with byte offsets, comments included', () => {
    expect(scan('é, -- c\n;').map(({ start, end, kind }) => [start, end, kind])).toEqual([
      [0, 2, 'IDENT'],
      [2, 3, 'ASCII_44'],
      [4, 8, 'SQL_COMMENT'],
      [9, 10, 'ASCII_59'],
    ])
    expect(scan('')).toEqual([])
  })

  test('reads control characters wherever the parser does, with their own bytes', () => {
    for (let code = 1; code < 32; code += 1) {
      const sign = String.fromCodePoint(code)
      for (const text of [`'a${sign}b'`, `"ä${sign}b"`, `$$${sign}$$`, `/*${sign}*/`]) {
        const tokens = scan(`x ${text} y`)
        expect(tokens.map((token) => token.text)).toEqual(['x', text, 'y'])
        expect(tokens.at(-1)?.start).toBe(Buffer.byteLength(`x ${text} `))
      }
    }
    expect(scan('a\fb\vc').map((token) => token.text)).toEqual(['a', 'b', 'c'])
  })

  test('throws `syntax` where a quote is left open', () => {
    expect(() => scan("select 'a")).toThrow(LockkeeperError)
  })
})
