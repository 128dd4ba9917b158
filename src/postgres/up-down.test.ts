import { beforeAll, describe, expect, it } from 'vitest'
import { withUpDown } from '../check/up-down.ts'
import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { GivenValue, UpDown } from '../model/up-down.ts'
import { postgres } from './engine.ts'

beforeAll(() => postgres.load())

function grown(sql: string): Catalog {
  const start: Catalog = { ...postgres.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public'), knowledge: 'whole' }
  const after = postgres.parse(Buffer.from(sql)).reduce((catalog, statement) => postgres.simulate(statement, catalog), start)
  return postgres.settle(after, start)
}

const setup = `create schema app; create table app.users (id int primary key, full_name text not null, "Nick" text, len int generated always as (length(full_name)) stored);
  create function tell() returns text language sql volatile as 'select 1::text'; create function fine(text) returns text language sql immutable as 'select 1::text'`

/** What is made of the values that a migration gives on users as the setup makes them. */
function held(sql: string, upDown: readonly GivenValue[] = []): readonly UpDown[] {
  const before = grown(setup)
  let after = before
  const statements = postgres.parse(Buffer.from(sql))
  const parts = statements.map((statement) =>
    postgres.split(statement).map((one) => {
      const judged = { statement: one, facts: postgres.facts(one, after), before: after }
      after = postgres.simulate(one, after)
      return judged
    }),
  )
  const migration = { body: { kind: 'sql', bytes: Buffer.from(sql) }, file: 'm1.sql', upDown } as const
  return withUpDown(postgres, { migration, statements, parts, after })
    .flat()
    .flatMap((judged) => judged.upDown ?? [])
}

function refusal(value: string, statement = 'alter table app.users add column a text'): string {
  try {
    held(`-- lockkeeper-${statement.includes('drop') ? 'down' : 'up'} ${value}\n${statement}`)
  } catch (error) {
    if (error instanceof LockkeeperError) return `${error.code} ${error.message} ${error.hint}`
    throw error
  }
  return 'it is taken'
}

describe('a value for a column', () => {
  it('is held as an expression over the bare row, in parentheses', () => {
    expect(
      held(`-- lockkeeper-up a: app.users.full_name || users."Nick" || fine(id::text)\nalter table app.users add column a text`),
    ).toEqual([
      {
        direction: 'up',
        column: 'a',
        value: '(full_name || "Nick" || fine(id::text))',
        place: 'm1.sql, line 1',
        reads: ['full_name', 'Nick', 'id'],
      },
    ])
  })

  it('finds its column as SQL spells it, as the database does, and with its table', () => {
    const add = 'alter table app.users add column "newName" text, add column b text'
    for (const name of ['"newName"', 'newName', 'users.newName', 'app.users."newName"'])
      expect(held(`-- lockkeeper-up ${name}: full_name\n${add}`)).toMatchObject([{ column: 'newName' }])
    expect(held(`-- lockkeeper-up B: full_name\n${add}`)).toMatchObject([{ column: 'b' }])
  })

  it('may stand in a file beside the migration', () => {
    const given = { direction: 'down', name: 'users.full_name', sql: `'x' || id`, file: 'm1.lockkeeper.json', line: 4 } as const
    expect(held('alter table app.users drop column full_name', [given])).toMatchObject([
      { column: 'full_name', place: 'm1.lockkeeper.json, line 4' },
    ])
    expect(() => held('alter table app.users drop column "Nick"', [given])).toThrow('m1.lockkeeper.json, line 4')
    expect(() => held('-- lockkeeper-down full_name: 1\nalter table app.users drop column full_name', [given])).toThrow('given twice')
  })

  it('says nothing of a table that has no rows yet', () => {
    expect(held(`create table t (id int);\n-- lockkeeper-up a: id\nalter table t add column a int`)).toEqual([])
  })

  it.each([
    ['a: split_part(full_name', 'it is no SQL expression'],
    ['a: full_name) from app.users where (true', 'it is no SQL expression'],
    ['a: full_name, id', 'it is no SQL expression'],
    ['a: full_name) as x, (id', 'it is no SQL expression'],
    ['a: full_name -- why', 'it is no SQL expression'],
    ["a: 'open", 'it is no SQL expression'],
    ['a: (select max(id) from app.users)', 'it asks other rows (a subquery)'],
    ['a: max(id)', 'it asks other rows (the aggregate max)'],
    ['a: row_number() over ()', 'it uses a window function'],
    ['a: now()', 'it asks for the time or the session'],
    ['a: current_user', 'it asks for the time or the session'],
    ['a: random()', 'the function pg_catalog.random is volatile'],
    ['a: tell()', 'the function public.tell is not immutable'],
    ['a: nobody(full_name)', 'nothing is known of the function nobody'],
    ['a: $1', 'it has a parameter'],
    ['a: len', 'it reads len, which is generated'],
    ['a: missing', 'it reads missing, and app.users has no such column before the migration'],
    ['a: a', 'it reads a, and app.users has no such column before the migration'],
    ['a: other.full_name', 'other.full_name in it is no column of app.users'],
    ['a: users.*', 'in it is no column of app.users'],
    ["a: full_name || '{now}'", 'its text holds {now}'],
    ['b: full_name', 'the statement below it does not add such a column'],
  ])('is refused: %s', (value, why) => {
    expect(refusal(value)).toMatch(/^up-down-invalid m1.sql, line 1: the up of [ab] cannot be used: /)
    expect(refusal(value)).toContain(why)
  })

  it('is refused where it reads what the other side does not have', () => {
    expect(refusal('full_name: full_name', 'alter table app.users drop column full_name')).toContain(
      'has no such column after the migration',
    )
    expect(refusal('full_name: full_name', 'alter table app.users alter column full_name set not null')).toContain('the very column')
  })

  it('helps where a name is misspelt, and where there is nothing to name', () => {
    expect(refusal('first_nam: full_name', 'alter table app.users add column first_name text')).toContain('Did you mean first_name?')
    expect(refusal('zzz: full_name')).toContain('An up can be given for a.')
    expect(refusal('zzz: full_name', 'alter table app.users drop column full_name')).toContain('A down can be given for full_name.')
    expect(refusal('a: full_name', 'create index on app.users (full_name)')).toContain('Name a column')
  })
})
