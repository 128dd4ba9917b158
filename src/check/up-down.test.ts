import { describe, expect, it } from 'vitest'
import { LockkeeperError } from '../model/errors.ts'
import type { Statement } from '../model/statement.ts'
import type { GivenValue } from '../model/up-down.ts'
import { givenIn } from './up-down.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What a script gives whose statements are these texts. */
function read(script: string, ...texts: readonly string[]): readonly GivenValue[] {
  const statements = texts.map((sql): Statement => {
    const at = script.indexOf(sql)
    const line = script.slice(0, at).split('\n').length
    return { sql, parameters: [], start: bytes(script.slice(0, at)).length, line, column: 1, kind: '', node: {} }
  })
  return givenIn({ body: { kind: 'sql', bytes: bytes(script) }, file: 'm1.sql' }, statements)
}

function refusal(script: string, ...texts: readonly string[]): string {
  try {
    read(script, ...texts)
  } catch (error) {
    if (error instanceof LockkeeperError) return `${error.code}: ${error.message} ${error.hint}`
    throw error
  }
  return 'it is taken'
}

describe('a comment that says what a column holds', () => {
  it('is read above its statement, with its line and the position of the statement', () => {
    const script = `select 'ü';\n-- lockkeeper-up first: split_part(name, ':', 1)\n--lockkeeper-down   name: first || ' '\nalter table t;`
    expect(read(script, `select 'ü'`, 'alter table t')).toEqual([
      { direction: 'up', name: 'first', sql: `split_part(name, ':', 1)`, file: 'm1.sql', line: 2, above: [1] },
      { direction: 'down', name: 'name', sql: `first || ' '`, file: 'm1.sql', line: 3, above: [1] },
    ])
  })

  it('names a quoted column, or one with its table', () => {
    const script = `-- lockkeeper-up "full: Name": a::text\n-- lockkeeper-up app.users."b""c": 1\nalter table t`
    expect(read(script, 'alter table t').map(({ name, sql }) => [name, sql])).toEqual([
      ['"full: Name"', 'a::text'],
      ['app.users."b""c"', '1'],
    ])
  })

  it('goes on in lines right below that are indented, and nowhere else', () => {
    const script = `-- lockkeeper-up a:\n--   case when x\n--     then 1 end\n-- another comment\n--   indented\n-- lockkeeper-up b: 1\n\n--   far away\nalter table t`
    expect(read(script, 'alter table t').map(({ name, sql, line }) => [name, sql, line])).toEqual([
      ['a', 'case when x\nthen 1 end', 1],
      ['b', '1', 6],
    ])
  })

  it('stands in a block too', () => {
    expect(read(`/* lockkeeper-up a: x\n     || y */\nalter table t`, 'alter table t')).toMatchObject([{ name: 'a', sql: 'x\n|| y' }])
  })

  it.each([
    [
      '-- lockkeeper-up a\nalter table t',
      'line 1: the comment lockkeeper-up does not name a column and an expression.',
      'COLUMN: EXPRESSION',
    ],
    ['-- lockkeeper-up a:\nalter table t', 'line 1: the comment lockkeeper-up does not name a column', 'COLUMN: EXPRESSION'],
    ['\n-- lockkeeper-upp a: 1\nalter table t', 'line 2: there is no comment lockkeeper-upp.', 'lockkeeper-up COLUMN'],
    ['-- lockkeeper-dwn a: 1\nalter table t', 'line 1: there is no comment lockkeeper-dwn.', 'lockkeeper-down COLUMN'],
    ['alter table t;\n-- lockkeeper-down a: 1', 'line 2: the down of a stands above no statement.', 'Move it above'],
  ])('is refused as %j', (script, message, hint) => {
    expect(refusal(script, 'alter table t')).toMatch(/^up-down-invalid: m1.sql, /)
    expect(refusal(script, 'alter table t')).toContain(message)
    expect(refusal(script, 'alter table t')).toContain(hint)
  })

  it('is refused inside of a statement, where it would be of no effect', () => {
    const sql = 'alter table t\n  -- lockkeeper-up a: 1\n  add column a int'
    expect(refusal(`;\n${sql}`, sql)).toContain('m1.sql, line 3: a comment that gives a value stands inside of a statement.')
  })

  it('leaves other comments alone', () => {
    const script = `-- lockkeeper-ignore drop-table: why\n-- lockkeeper-backfill ./a.ts\n-- lockkeeper-something\n-- up: x\nalter table t`
    expect(read(script, 'alter table t')).toEqual([])
  })
})
