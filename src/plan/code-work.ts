import type { NamedBackfill } from '../model/backfill.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Walk, Work } from '../model/plan.ts'
import { present } from '../std/present.ts'

type WalkEngine = Pick<Engine, 'codeWalk' | 'dialect'>

/** Rows may be locked for so long; see pgfacts.md B. */
export const batchTargetMs = 15

interface WorkAndWalk {
  readonly work: Extract<Work, { readonly kind: 'code' }>
  readonly walk: Walk
}

/** What a module's backfill is in a database. Throws `backfill-invalid` and `backfill-refused`. */
export function codeWork(engine: WalkEngine, backfill: NamedBackfill, catalog: Catalog): WorkAndWalk {
  const { module, export: name, hash } = backfill
  const where = `${name} of ${module}`
  const relation = tableOf(engine, backfill.table, catalog)
  const table = relation === undefined ? undefined : catalog.relations.get(relation)
  if (relation === undefined || table === undefined) throw invalid(where, 'table', `is ${backfill.table}, and there is no such table here`)
  for (const key of ['key', 'columns'] as const)
    for (const column of backfill[key] ?? [])
      if (!table.columns.some((each) => each.name === column)) throw invalid(where, key, `names ${column}, which ${relation} has not`)
  const falsifies = (backfill.done ?? (backfill.where === undefined ? 'each-once' : 'no-longer-matches')) === 'no-longer-matches'
  const walk = engine.codeWalk(relation, catalog, { falsifies, ...present({ key: backfill.key }) })
  if (walk === undefined) throw noWalk(where, relation, backfill)
  return { work: { kind: 'code', relation, where: backfill.where ?? 'true', falsifies, module, export: name, hash }, walk }
}

/** As the database spells it; where it has no schema, the first of the search path that has one of that name. */
function tableOf({ dialect }: WalkEngine, table: string, { relations, searchPath }: Catalog): string | undefined {
  const names = [
    ...searchPath.map((schema) => dialect.name(schema, table)),
    ...[...table.matchAll(/\./g)].map(({ index }) => dialect.name(table.slice(0, index), table.slice(index + 1))),
  ]
  return names.find((name) => ['table', 'partitioned'].includes(relations.get(name)?.kind ?? ''))
}

function noWalk(where: string, relation: string, { key }: NamedBackfill): LockkeeperError {
  const why =
    key === undefined
      ? `${relation} has no unique key without NULLs, by which each row is met once`
      : `(${key.join(', ')}) is no unique key of ${relation} without NULLs, of types that are walked in order`
  return new LockkeeperError('backfill-refused', `${where}: ${why}.`, {
    hint: 'Add a primary key, or a "where" that is false once a row is done.',
  })
}

/** What is wrong with a key of a backfill, or with all of it where `key` is empty. */
export function invalid(where: string, key: string, fault: string): LockkeeperError {
  const named = key === '' ? '' : ` "${key}"`
  return new LockkeeperError('backfill-invalid', `${where}:${named} ${fault}.`.replace(': it', ' is no backfill: it'), {
    details: { where, key },
  })
}
