import type { PendingMigration } from '../check/pending.ts'
import { statementsOf } from '../check/statements.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import { observeAll } from './observe.ts'
import { replay } from './replay.ts'
import type { Sandbox } from './sandbox.ts'
import type { Scope } from './scope.ts'

/** Everything that `check` needs to judge by. */
export interface Trial {
  /** Each may be read only when it is asked for, and anew each time. */
  readonly pending: Iterable<PendingMigration<unknown>>
  /** After the history. */
  readonly catalog: Catalog
  /** What limits the verdicts, in words. */
  readonly notes: readonly string[]
  /** Why statements could not be run, though all of the history was. */
  readonly unrun: readonly string[]
  /** The major that made the observations; absent where there are none. */
  readonly sandboxVersion?: number
}

/** A pending migration, read. */
export type Parsed = Pick<PendingMigration<unknown>, 'migration' | 'statements'>

export interface Read {
  readonly scope: Scope
  /** The pending ones, parsed while the sandbox started. */
  readonly parsed: readonly Parsed[]
}

/** Replays the history on the sandbox and runs there what is pending. What could not be run makes the catalog partial. */
export async function tryAll(engine: Engine, sandbox: Sandbox, { scope, parsed }: Read): Promise<Trial> {
  const skipped = parsed.length === 0 ? [] : await replay(engine, sandbox.session, scope.history)
  const catalog = await sandbox.session.readCatalog()
  const pending: PendingMigration<unknown>[] = []
  const unseen: string[] = []
  let before = catalog
  for (const item of parsed) {
    const observed = await observeAll(engine, item.statements, { sandbox, before })
    before = observed.after
    pending.push({ ...item, observed: observed.observations })
    for (const why of observed.unseen) unseen.push(why)
  }
  const partial = skipped.length > 0 || unseen.length > 0
  const notes = [...skippedNote(skipped.map(({ why }) => why)), ...unseenNote(unseen)]
  return {
    pending,
    catalog: partial ? { ...catalog, knowledge: 'partial' } : catalog,
    notes,
    unrun: skipped.length > 0 ? [] : unseen,
    sandboxVersion: sandbox.version,
  }
}

interface Blind {
  readonly scope: Scope
  readonly version: number
  /** Why there is no sandbox. */
  readonly why: string
}

/** Without a sandbox: history is simulated, and every verdict is a prediction. A thousand migrations are not all held in memory. */
export function predictAll(engine: Engine, { scope, version, why }: Blind): Trial {
  const statements = scope.history.flatMap((migration) => statementsOf(engine, migration))
  const empty = engine.emptyCatalog({ flavor: 'postgresql', version }, scope.schema)
  // What the history made is in use by now, as it is where a server tells of it.
  const catalog = engine.settle(
    statements.reduce((before, statement) => engine.simulate(statement, before), empty),
    empty,
  )
  const pending = { [Symbol.iterator]: () => readEach(engine, scope.pending) }
  return { pending, catalog, notes: [`Nothing was run, all verdicts are predicted: ${why}`], unrun: [] }
}

function* readEach(engine: Engine, pending: Scope['pending']): Generator<PendingMigration<unknown>> {
  for (const migration of pending) yield { migration, statements: statementsOf(engine, migration), observed: [] }
}

function skippedNote(why: readonly string[]): readonly string[] {
  if (why.length === 0) return []
  const more = why.length > 1 ? ` (and ${why.length - 1} more)` : ''
  return [`The sandbox could not run all of the history: ${why[0]}${more}. What depends on it is predicted.`]
}

function unseenNote(why: readonly string[]): readonly string[] {
  const distinct = [...new Set(why)]
  if (distinct.length === 0) return []
  const more = distinct.length > 1 ? ` (and ${distinct.length - 1} more)` : ''
  return [
    `Some statements could not be run, since the sandbox has not seen what they need: ${distinct[0]}${more}. Their verdicts are predicted.`,
  ]
}
