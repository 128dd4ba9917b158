import { describe, expect, it } from 'vitest'
import type { Migration } from '../model/migration.ts'
import { suppressionsOf, type Suppression } from './suppressions.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const lineOf = (text: string, offset: number) => text.slice(0, offset).split('\n').length

/** What is read of a script whose statements are these texts. */
function read(script: string, ...texts: readonly string[]): readonly Suppression[] {
  const statements = texts.map((sql) => {
    const at = script.indexOf(sql)
    return { sql, start: bytes(script.slice(0, at)).length, line: lineOf(script, at) }
  })
  return suppressionsOf({ kind: 'sql', bytes: bytes(script) }, statements)
}

/** What is read of code that issued a statement at each of these lines. */
function readCode(source: string, ...lines: readonly number[]): readonly Suppression[] {
  const body: Migration['body'] = { kind: 'recorded', bytes: bytes(source), statements: [], assumptions: [] }
  return suppressionsOf(
    body,
    lines.map((line) => ({ sql: 'select 1', start: 0, line })),
  )
}

describe('a comment of ours', () => {
  it('is read above its statement, behind characters of several bytes too', () => {
    const script = `-- é\nselect 'ü';\n-- lockkeeper-ignore drop-table: the table is empty (until 2027-01-31)\ndrop table t;`
    expect(read(script, `select 'ü'`, 'drop table t')).toEqual([
      {
        tool: 'lockkeeper',
        rules: ['drop-table'],
        reason: 'the table is empty',
        until: '2027-01-31',
        scope: 'statement',
        line: 3,
        above: [1],
      },
    ])
  })

  it('is none inside a statement or a string', () => {
    const script = `select '-- lockkeeper-ignore drop-table: no';\nselect\n-- lockkeeper-ignore drop-table: no\n1;`
    expect(read(script, `select '-- lockkeeper-ignore drop-table: no'`, 'select\n-- lockkeeper-ignore drop-table: no\n1')).toEqual([])
  })

  it.each([
    ['-- lockkeeper-ignore a, b: both', ['a', 'b'], 'both'],
    ['-- lockkeeper-ignore a,b : both', ['a', 'b'], 'both'],
    ['--lockkeeper-ignore a reason without a colon', ['a'], 'reason without a colon'],
    ['/* lockkeeper-ignore a: in a block */', ['a'], 'in a block'],
    ['/*\n * words before\n * lockkeeper-ignore a: in a block of lines\n */', ['a'], 'in a block of lines'],
    ['/* outer /* inner */ -- still a comment\nlockkeeper-ignore a: nested */', ['a'], 'nested'],
    ['-- lockkeeper-ignore: nothing named', [], 'nothing named'],
    ['-- lockkeeper-ignore', [], ''],
    ['-- lockkeeper-ignore a:', ['a'], ''],
    ['-- lockkeeper-ignore a: reason (with more (until then)', ['a'], 'reason (with more'],
    ['-- lockkeeper-ignore a: carriage return\r', ['a'], 'carriage return'],
  ])('%j names %j because of %j', (comment, rules, reason) => {
    expect(read(`${comment}\nselect 1;`, 'select 1')).toMatchObject([{ rules, reason, scope: 'statement', above: [0] }])
  })

  it.each(['-- lockkeeper-ignored a: no', '-- see lockkeeper-ignore a: no', '-- lockkeeper-ignore-files a: no'])(
    '%j is none',
    (comment) => {
      expect(read(`${comment}\nselect 1;`, 'select 1')).toEqual([])
    },
  )

  it('holds for the whole file from anywhere in it, behind the last statement too', () => {
    const script = 'select 1;\n-- lockkeeper-ignore-file a: generated\nselect 2;\n/* lockkeeper-ignore-file b: it is */'
    expect(read(script, 'select 1', 'select 2')).toMatchObject([
      { scope: 'file', rules: ['a'], line: 2, above: [1] },
      { scope: 'file', rules: ['b'], line: 4, above: [] },
    ])
  })
})

describe('a comment in code', () => {
  it('belongs to the next statement below it, and to all that one line issued', () => {
    const source = 'x\n  // lockkeeper-ignore a: why\n  await q.query()\n  await q.query()'
    expect(readCode(source, 3, 3, 4)).toMatchObject([{ rules: ['a'], line: 2, above: [0, 1] }])
  })

  it('is read at the end of a line, in a block, and in the text of a query', () => {
    expect(readCode('await q.query(1) // lockkeeper-ignore a: why', 1)).toMatchObject([{ above: [0] }])
    expect(readCode('/** lockkeeper-ignore a: why */\nawait q.query(1)', 2)).toMatchObject([{ reason: 'why', above: [0] }])
    expect(readCode('await q.query(`\n  -- lockkeeper-ignore a: why\n  drop table a`)\nawait q.query(2)', 1, 4)).toMatchObject([
      { above: [0] },
    ])
  })

  it('stands above nothing behind the last statement', () => {
    expect(readCode('await q.query(1)\n// lockkeeper-ignore a: why', 1)).toMatchObject([{ above: [] }])
  })
})

describe("a peer's comment", () => {
  it.each([
    ['-- squawk-ignore ban-drop-table', 'squawk', 'statement', ['drop-table']],
    [
      '-- squawk-ignore ban-drop-column, renaming-column,require-statement-timeout',
      'squawk',
      'statement',
      ['drop-column', 'rename-column'],
    ],
    ['-- squawk-ignore', 'squawk', 'statement', []],
    ['-- squawk-ignore ban-drop-table because', 'squawk', 'statement', []],
    ['-- squawk-ignore-file ban-drop-table', 'squawk', 'file', ['drop-table']],
    ['-- eugene: ignore E6', 'eugene', 'statement', ['blocking-index-build']],
    ['-- eugene: ignore E2, E8', 'eugene', 'statement', ['not-null-scan', 'blocking-exclusion-constraint']],
    ['-- pgfence-ignore: create-index-not-concurrent, toString', 'pgfence', 'statement', ['blocking-index-build']],
    ['-- pgfence: ignore drop-table', 'pgfence', 'statement', ['drop-table']],
    ['-- atlas:nolint DS102 PG101', 'atlas', 'statement', ['drop-table', 'blocking-index-build']],
    ['/*atlas:nolint destructive*/', 'atlas', 'statement', ['drop-table', 'drop-column']],
    ['-- atlas:nolint destructive\n', 'atlas', 'file', ['drop-table', 'drop-column']],
  ])('%j is for %s and its %s: %j', (comment, ...[tool, scope, rules]) => {
    expect(read(`${comment}\nselect 1;`, 'select 1')).toMatchObject([{ tool, scope, rules }])
  })

  it.each([
    ['-- squawk-ignore-file', 'drop-table'],
    ['-- eugene: ignore', 'not-null-scan'],
    ['-- pgfence-ignore', 'truncate'],
    ['-- atlas:nolint', 'rename-table'],
  ])('%j without a rule takes back what that tool knows, such as %s, and nothing else', (comment, known) => {
    const [found] = read(`${comment}\nselect 1;`, 'select 1')
    expect(found?.rules).toContain(known)
    expect(found?.rules).not.toContain('drop-table-locks-parents')
  })

  it('for atlas holds for the file only at its head', () => {
    const script = 'select 1;\n-- atlas:nolint DS102\n\nselect 2;'
    expect(read(script, 'select 1', 'select 2')).toMatchObject([{ scope: 'statement', above: [1] }])
  })
})
