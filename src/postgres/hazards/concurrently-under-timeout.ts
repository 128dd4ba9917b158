import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { actionsOf, oldOnes, type Input } from './_input.ts'
import { timeoutFor } from './_timeouts.ts'

/** A concurrent build is given a timeout that it will not meet. */
export const concurrentlyUnderTimeout: HazardRule<PgNode> = {
  id: 'concurrently-under-timeout',
  group: 'operations',
  title: 'A concurrent build is given a timeout that it will not meet',
  why: 'CREATE, DROP and REINDEX INDEX CONCURRENTLY block nobody, but wait for every older transaction in the database, and those waits count for lock_timeout; the build counts for statement_timeout. When one of them runs out an INVALID index is left behind, which every write maintains, and which IF NOT EXISTS later takes for a finished one. VALIDATE CONSTRAINT is cut off as well.',
  source:
    'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY; https://github.com/ankane/strong_migrations/issues/233',
  examples: {
    hazardous: [
      "create table t (id bigint primary key, a int); set lock_timeout = '2s'; create index concurrently on t (a)",
      "create table t (id bigint primary key, a int); create index t_a on t (a); set statement_timeout = '5s'; reindex index concurrently t_a",
      'create table t (id bigint primary key, a int); alter table t add constraint k check (a > 0) not valid; set statement_timeout = 3000; alter table t validate constraint k',
    ],
    safe: [
      'create table t (id bigint primary key, a int); create index concurrently on t (a)',
      'create table t (id bigint primary key, a int); set lock_timeout = 0; set statement_timeout = 0; create index concurrently on t (a)',
      "create table t (id bigint primary key, a int); set lock_timeout = '2s'; reset lock_timeout; create index concurrently on t (a)",
      "create table t (id bigint primary key, a int); set lock_timeout = '2s'; alter table t add column z int",
    ],
  },
  detect(input) {
    const relation = slowOn(input)
    const concurrent = input.facts.waitsFor.length > 0
    const [found] = ['statement_timeout', 'transaction_timeout', ...(concurrent ? ['lock_timeout'] : [])].filter((name) =>
      isShort(timeoutFor(input, name)),
    )
    if (relation === undefined || found === undefined) return []
    const left = concurrent ? ', and then an INVALID index stays behind' : ''
    return [
      {
        rule: 'concurrently-under-timeout',
        severity: 'warning',
        message: `${found} is ${(timeoutFor(input, found) ?? 0) / 1000} s: ${concurrent ? `any older transaction in the database, even one that does not touch ${relation},` : `reading all of ${relation}`} may outlast that${left}`,
        fix: `SET ${found} = 0 for this statement: it blocks nobody. lockkeeper apply does so.`,
        relation,
        breaksOldApp: false,
      },
    ]
  },
}

/** Whoever gives it an hour has thought of it. */
const longMs = 3_600_000

function isShort(ms: number | undefined): boolean {
  return ms !== undefined && ms > 0 && ms < longMs
}

/** The table on which it may take its time, since it blocks nobody there. */
function slowOn(input: Input): string | undefined {
  const { facts, before } = input
  const waited = facts.waitsFor.length > 0 ? facts.locks.map(({ relation }) => relation) : []
  const validated = actionsOf(input, 'AT_ValidateConstraint').length > 0 ? facts.scans : []
  return oldOnes([...waited, ...validated], before)[0]
}
