import type { JudgedStatement } from '../check/judge.ts'
import { judge } from '../check/judge.ts'
import { statementsOf } from '../check/statements.ts'
import type { Catalog, Relation } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { Session } from '../model/session.ts'
import type { RelationSize, Statistics } from '../model/statistics.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import { present } from '../std/present.ts'

export interface Sampled {
  readonly session: Session
  readonly catalog: Catalog
  /** The tables whose speed matters. */
  readonly relations: readonly string[]
}

/** Sizes of all tables, and a sample of the server's speed; only reads. Undefined where the server is too busy to be sampled. */
export async function takeStatistics(engine: Engine, { session, catalog, relations }: Sampled): Promise<Statistics | undefined> {
  const speed = await engine.calibrate(session, catalog, relations)
  if (speed === undefined) return undefined
  const [clock] = await session.query('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms')
  return {
    origin: 'database',
    server: catalog.server,
    takenAt: new Date(Number(clock?.['ms'])).toISOString(),
    speed,
    relations: Object.fromEntries([...catalog.relations].flatMap(([name, relation]) => sizeOf(name, relation))),
  }
}

function sizeOf(name: string, { rows, bytes, pages, analyzedAt, indexes }: Relation): readonly (readonly [string, RelationSize])[] {
  if (bytes === undefined || pages === undefined) return []
  const byIndex = Object.fromEntries(indexes.map((index) => [index.name, index.bytes ?? 0]))
  return [[name, { bytes, pages, indexes: byIndex, ...present({ rows, analyzedAt }) }]]
}

/** The tables that the migrations read, write anew or index, by name as they find them. */
export function workedOn(engine: Engine, migrations: readonly Migration[], catalog: Catalog): readonly string[] {
  const names = new Set<string>()
  let before = catalog
  for (const migration of migrations) {
    const { statements, after } = judge(engine, statementsOf(engine, migration), { before })
    for (const name of worksOn(statements)) names.add(name)
    before = after
  }
  return [...names]
}

/** What statements read, write anew or index. */
export function worksOn(statements: readonly JudgedStatement<unknown>[]): readonly string[] {
  return [...new Set(statements.flatMap(({ facts }) => [...facts.scans, ...facts.rewrites, ...facts.builds]))]
}

/** The catalog with the sizes of another database in place of its own. What has no rows there counts as unknown: here it may have some. */
export function withSizes(catalog: Catalog, { relations: sizes }: Statistics): Catalog {
  let relations = PersistentMap.from(catalog.relations)
  for (const [name, relation] of relations) {
    if (!relation.isNew) relations = relations.with(name, resized(relation, sizes[name]))
  }
  return { ...catalog, relations }
}

function resized(relation: Relation, size: RelationSize | undefined): Relation {
  const { rows: _rows, bytes: _bytes, pages: _pages, analyzedAt: _analyzedAt, ...rest } = relation
  const indexes = rest.indexes.map(({ bytes: _indexBytes, ...index }) => ({ ...index, ...present({ bytes: size?.indexes[index.name] }) }))
  if (size === undefined) return { ...rest, indexes }
  const { bytes, pages, analyzedAt, rows } = size
  return { ...rest, bytes, pages, indexes, ...present({ analyzedAt, rows: rows === 0 ? undefined : rows }) }
}
