import type { HazardRule } from '../../model/hazard.ts'
import { isPartitioned } from '../facts/relations.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { isOld } from './_input.ts'

/** IF NOT EXISTS takes an INVALID index for a finished one. */
export const invalidIndexSkipped: HazardRule<PgNode, Topic> = {
  id: 'invalid-index-skipped',
  group: 'operations',
  title: 'IF NOT EXISTS takes an INVALID index for a finished one',
  why: 'A CREATE INDEX CONCURRENTLY that failed leaves an INVALID index behind: it costs on each write and no query uses it. CREATE INDEX IF NOT EXISTS sees only its name, and does nothing.',
  source: 'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY; measured on 13 to 18 (pgfacts A.6)',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create index ix on only m (id); create index if not exists ix on m (id)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently if not exists t_a on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently if not exists t_a on t (a)',
    ],
  },
  on: ['IndexStmt'],
  detect({ statement, before }) {
    if (!('IndexStmt' in statement.node) || statement.node.IndexStmt.if_not_exists !== true) return []
    const { relation: range, idxname } = statement.node.IndexStmt
    const key = relationKey(range ?? {}, before)
    const index = before.relations.get(key)?.indexes.find(({ name }) => name === idxname)
    if (index === undefined || index.valid || !isOld(key, before)) return []
    return [
      {
        rule: 'invalid-index-skipped',
        severity: 'error',
        message: `index ${index.name} on ${key} is there but INVALID (a build that failed or was left half-way): IF NOT EXISTS leaves it so`,
        fix: 'Drop it first (DROP INDEX CONCURRENTLY), then build it again.',
        relation: key,
        ...(!isPartitioned(key, before) && { rewrite: 'create-index-concurrently' }),
        breaksOldApp: false,
      },
    ]
  },
}
