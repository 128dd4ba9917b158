import type { HazardRule } from '../../model/hazard.ts'
import { byteLength, clip, nameBytes } from '../../std/object-name.ts'
import type { PgNode } from '../node.ts'
import { scan } from '../parse.ts'
import { simulate } from '../simulate.ts'
import type { Input } from './_input.ts'

/** The server cuts a name that is longer than 63 bytes. */
export const nameTooLong: HazardRule<PgNode> = {
  id: 'name-too-long',
  group: 'operations',
  title: 'The server cuts a name that is longer than 63 bytes',
  why: 'A longer name is cut without an error: code that asks for the whole name does not find it, and two names that begin alike become one, so that the second is refused, or with IF NOT EXISTS passed over.',
  source: 'https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently a_name_that_goes_on_and_on_until_it_is_longer_than_sixty_three_bytes on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index a_name_that_goes_on_and_on_until_it_is_longer_than_sixty_three_bytes on t (a); create index concurrently if not exists a_name_that_goes_on_and_on_until_it_is_longer_than_sixty_three_too on t (b)',
      'create table "été_été_été_été_été_été_été_été_été_été_été_été" (id int)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently a_name_that_is_just_as_long_as_it_may_be_sixty_three_bytes_long on t (a)',
      "create table t (id bigint primary key, a int, b text, c varchar(10)); select 'a_text_that_goes_on_and_on_until_it_is_longer_than_sixty_three_bytes'",
    ],
  },
  detect(input) {
    const { sql, kind } = input.statement
    if (queries.has(kind) || !mayBeLong.test(sql)) return []
    return longNames(sql).map((name) => {
      const kept = clip(name, nameBytes)
      const taken = isTaken(kept, input)
      return {
        rule: 'name-too-long',
        severity: taken ? ('warning' as const) : ('info' as const),
        message: `${name} has more than 63 bytes: its name will be ${kept}${taken ? ', which is taken already' : ''}`,
        fix: 'Give it a shorter name.',
        breaksOldApp: false,
      }
    })
  },
}

// Most statements need no scan: a letter outside ASCII has up to four bytes.
const mayBeLong = /[\w$]{64}|"[^"]{64}|[^ -~\s]/

/** These name nothing new. */
const queries: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'DoStmt'])

// The tree has the names as the server cut them.
function longNames(sql: string): readonly string[] {
  const names = scan(sql).flatMap(({ kind, text }) => {
    if (kind !== 'IDENT') return []
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
  })
  return [...new Set(names)].filter((name) => byteLength(name) > nameBytes)
}

// What the server refuses, or passes over, changes nothing.
function isTaken(name: string, { statement, before }: Input): boolean {
  const holds = [...before.relations.values()].some((relation) =>
    [relation, ...relation.indexes, ...relation.constraints, ...relation.columns].some((each) => each.name === name),
  )
  return holds && simulate(statement, before).relations === before.relations
}
