import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { DataCheck } from '../../model/plan.ts'
import type { Rewrite, Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { columnsIn } from '../tree.ts'
import { findRelation, relationKey } from '../names.ts'
import type { IndexStmt, PgNode } from '../node.ts'
import { chooseIndexName } from '../object-names.ts'
import { checksAt, duplicateCheck } from './_checks.ts'
import { concurrentBuild, indexKeys, indexNamed, indexPlan } from './_index.ts'
import { sourceOf, type Source } from '../source.ts'
import { writeSteps } from './_step.ts'

/** Also for an index that the user already builds concurrently, since IF NOT EXISTS takes an INVALID one for a finished one. */
export const createIndexConcurrently: Rewrite<PgNode> = {
  id: 'create-index-concurrently',
  why: 'CREATE INDEX holds SHARE for the whole build, so every write waits. CONCURRENTLY blocks nobody; a failed build is dropped and begun again.',
  source: 'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
  match(judged, at, options) {
    const current = judged[at]
    if (current === undefined || !('IndexStmt' in current.statement.node)) return undefined
    const node = current.statement.node.IndexStmt
    const relation = findRelation(node.relation ?? [], current.before)
    if (relation === undefined || !canBuild(relation, node)) return undefined
    return build({ judged, at, options, relation, node })
  },
}

// A new table is nobody's: its index is built as written (H16). CONCURRENTLY on one cannot be in a transaction, so it is a step of its own here.
function canBuild(relation: Relation, node: IndexStmt): boolean {
  const kinds = relation.kind === 'table' || relation.kind === 'materialized-view'
  return kinds && (!relation.isNew || node.concurrent === true)
}

interface Build {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
  readonly relation: Relation
  readonly node: IndexStmt
}

function build(request: Build): Rewritten | undefined {
  const { judged, at, options, relation, node } = request
  const current = judged[at]
  if (current === undefined) return undefined
  const name = node.idxname ?? chooseIndexName({ catalog: current.before, relation }, node)
  const found = indexNamed(relation, name, current.before)
  if (node.if_not_exists === true && found !== undefined && found !== 'invalid') return { takes: 1, steps: [], checks: [] }
  const source = sourceOf(current.statement)
  const table = relationKey(node.relation ?? [], current.before)
  const plan = indexPlan(source, { table, relation, name })
  if (plan === undefined) return undefined
  return { takes: 1, steps: writeSteps([concurrentBuild(plan)], current.before, options), checks: checks(request, source, table) }
}

function checks({ judged, at, options, node }: Build, source: Source, table: string): readonly DataCheck[] {
  const keys = node.unique === true ? indexKeys(source, node) : undefined
  if (keys === undefined) return []
  const columns = [
    ...(node.indexParams ?? []).flatMap((element) => ('IndexElem' in element ? (element.IndexElem.name ?? []) : [])),
    ...columnsIn(node),
  ]
  const check = duplicateCheck(table, keys.keys, {
    ...(keys.where !== undefined && { where: keys.where }),
    nullsEqual: node.nulls_not_distinct === true,
  })
  return checksAt({ judged, at, options, reads: [{ relation: table, columns }] }, check)
}
