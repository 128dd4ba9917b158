import { namedBackfills, type BackfillName } from '../check/named-backfills.ts'
import { statementsOf } from '../check/statements.ts'
import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { BackfillStep } from '../model/plan.ts'
import { batchTargetMs, codeWork } from './code-work.ts'
import type { CutContext, PlanEngine, PlanOptions } from './options.ts'
import type { Part } from './parts.ts'
import { spansOf } from './spans.ts'

/** Consecutive parts of a migration, and the backfill that it names behind them. */
export interface Stretch<Node> {
  readonly parts: readonly Part<Node>[]
  readonly backfill?: BackfillStep
}

interface Given<Node> {
  readonly parts: readonly Part<Node>[]
  /** What the migration leaves. */
  readonly after: Catalog
  readonly context: CutContext
}

/**
 * The parts of a migration, parted where it names backfills in TypeScript. Throws `cannot-split` where one stands among statements that must
 * run together, and `backfill-invalid`.
 */
export function stretchesOf<Node>(engine: PlanEngine<Node>, given: Given<Node>): readonly Stretch<Node>[] {
  const { parts, context, after } = given
  const names = namesOf(engine, context)
  if (names.length === 0) return [{ parts }]
  const statements = [...new Set(parts.map(({ origin }) => origin))]
  const places = names.map((name) => ({ name, at: placeOf(parts, statements[name.before]) }))
  const ends = [0, ...places.map(({ at }) => at)]
  refuseInside(engine, given, places)
  const stretches = places.map(({ name, at }, index) => ({
    parts: parts.slice(ends[index], at),
    backfill: stepOf(engine, name, { catalog: parts[at]?.judged.before ?? after, context }),
  }))
  return [...stretches, { parts: parts.slice(ends.at(-1)) }]
}

/** Where no modules are at hand nothing is to run, and the names are comments like others. */
function namesOf<Node>(engine: PlanEngine<Node>, { migration, options }: CutContext): readonly BackfillName[] {
  return options.backfills === undefined ? [] : namedBackfills(migration, statementsOf(engine, migration))
}

function placeOf<Node>(parts: readonly Part<Node>[], statement: Part<Node>['origin'] | undefined): number {
  const at = parts.findIndex(({ origin }) => origin === statement)
  return at < 0 ? parts.length : at
}

interface Place {
  readonly name: BackfillName
  readonly at: number
}

function refuseInside<Node>(engine: PlanEngine<Node>, { parts, context }: Given<Node>, places: readonly Place[]): void {
  const spans = spansOf(engine, parts, context)
  const found = places.find(({ at }) => spans.some(({ from, to }) => from < at && at <= to))
  if (found === undefined) return
  const { file } = context.migration
  throw new LockkeeperError('cannot-split', `${file}, line ${found.name.line}: a backfill stands among statements that must run together`, {
    details: { file, line: found.name.line },
  })
}

/** How a module and its export are called in `PlanOptions.backfills`. */
export function keyOfBackfill({ module, export: name }: Pick<BackfillName, 'module' | 'export'>): string {
  return `${module}#${name ?? ''}`
}

interface Ground {
  readonly catalog: Catalog
  readonly context: { readonly migration: Migration; readonly options: PlanOptions }
}

function stepOf<Node>(engine: PlanEngine<Node>, name: BackfillName, { catalog, context }: Ground): BackfillStep {
  const { migration, options } = context
  const found = options.backfills?.get(keyOfBackfill(name))
  if (found === undefined)
    throw new LockkeeperError('backfill-invalid', `${migration.file}, line ${name.line}: ${name.module} was not loaded.`)
  const { work, walk } = codeWork(engine, found, catalog)
  return {
    kind: 'backfill',
    id: `backfill-${found.table}`,
    title: `${found.export} of ${found.module} changes rows of ${work.relation}, batch by batch`,
    phase: 'backfill',
    hazards: [],
    undo: { kind: 'forward-only', why: 'the rows that its code has changed are not what they were' },
    work,
    walk,
    batchTargetMs,
  }
}
