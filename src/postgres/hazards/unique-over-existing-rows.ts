import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import { textsOf, type PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, constraintIn, isOld, sizeOf, type Input } from './_input.ts'

/** A unique index is built over rows that nobody has compared yet. */
export const uniqueOverExistingRows: HazardRule<PgNode, Topic> = {
  id: 'unique-over-existing-rows',
  group: 'operations',
  title: 'A unique index is built over rows that nobody has compared yet',
  why: 'The build goes through the whole table before it meets a double, and fails then: a concurrent one leaves an INVALID index behind, any other one has blocked the writers in vain.',
  source: 'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index concurrently on t (a, b)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint u unique (a)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index concurrently on t (id, a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently on t (a)',
      'begin; create table t (id bigint primary key, a int); create unique index on t (a)',
    ],
  },
  on: ['IndexStmt', 'AT_AddConstraint'],
  detect(input) {
    return keysOf(input)
      .filter(({ key }) => isOld(key, input.before) && input.before.relations.get(key)?.rows !== 0)
      .filter(({ key, columns }) => !isUniqueAlready(columns, key, input))
      .map(({ key, columns }) => {
        const list = columns.map((column) => postgresDialect.name(column)).join(', ')
        return {
          rule: 'unique-over-existing-rows',
          severity: 'info',
          message: `the build fails if two rows of ${key}${sizeOf(key, input.before)} have the same ${list}, and only then is it known`,
          fix: `Look first, as lockkeeper apply does: SELECT ${list} FROM ${key} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
          relation: key,
          breaksOldApp: false,
        }
      })
  },
}

interface Key {
  readonly key: string
  readonly columns: readonly string[]
}

/** Keys on plain columns that need an index built: what USING INDEX takes is unique already. */
function keysOf(input: Input): readonly Key[] {
  const { node } = input.statement
  const added = actionsOf(input, 'AT_AddConstraint').flatMap((found) => {
    const constraint = constraintIn(found)
    const isKey = constraint?.contype === 'CONSTR_UNIQUE' || constraint?.contype === 'CONSTR_PRIMARY'
    return isKey && constraint.indexname === undefined ? [{ key: found.key, columns: textsOf(constraint.keys) }] : []
  })
  if (!('IndexStmt' in node) || node.IndexStmt.unique !== true || input.facts.builds.length === 0) return added
  const columns = (node.IndexStmt.indexParams ?? []).map((element) => ('IndexElem' in element ? element.IndexElem.name : undefined))
  const named = columns.filter((column) => column !== undefined)
  const isPlain = node.IndexStmt.whereClause === undefined && named.length === columns.length
  return isPlain ? [{ key: relationKey(node.IndexStmt.relation ?? {}, input.before), columns: named }] : []
}

function isUniqueAlready(columns: readonly string[], key: string, { before }: Input): boolean {
  const indexes = before.relations.get(key)?.indexes ?? []
  return indexes.some(
    (index) =>
      index.unique && index.valid && !index.partial && index.columns.every((column) => column !== undefined && columns.includes(column)),
  )
}
