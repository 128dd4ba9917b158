import type { History } from '../model/adapter.ts'
import type { Engine } from '../model/engine.ts'
import type { Plan } from '../model/plan.ts'
import { complete, type Completing } from '../run/complete.ts'
import type { ContractOptions, RunOptions } from '../run/options.ts'
import { completable, fold } from '../run/state.ts'
import { present } from '../std/present.ts'
import { applyLooked, look, type ApplyVerbOptions, type Looked, type Ran } from './apply.ts'
import { storedHistory } from './stored-history.ts'
import { openTarget, projectKey, type Connection, type Target } from './target.ts'

/** What is expanded in a database; no files are needed (H2). */
export interface ExpandedScene {
  readonly engine: Engine
  readonly plan: Plan
  readonly migrations: readonly string[]
  /** Where the ORM itself counts to the end of a contract. */
  readonly history?: History
}

/** Connects read-only and looks what there is to complete, which may be nothing; `seen` hears which database it is. */
export async function lookExpanded(
  connection: Connection,
  named: { readonly project?: string; readonly migration?: string },
  seen?: (target: Target) => void,
): Promise<ExpandedScene> {
  await using target = await openTarget(connection)
  seen?.(target)
  const { engine, session } = target
  const { searchPath } = await session.readCatalog()
  const schema = searchPath[0] ?? 'public'
  const project = projectKey(named.project, schema)
  const journal = engine.journal(session)
  const progress = fold(await journal.read(project))
  const wanted = named.migration === undefined ? completable(progress) : [named.migration]
  const migrations = wanted.filter((id) => progress.get(id)?.state !== 'complete')
  const stored = await Promise.all(migrations.map((id) => journal.stored(project, id)))
  const planned = stored.flatMap((one) => (one === undefined ? [] : [one.migration]))
  const history = stored.flatMap((one) => (one === undefined ? [] : (storedHistory(one, schema) ?? [])))[0]
  return { engine, plan: { format: 1, project, touched: '', migrations: planned }, migrations, ...present({ history }) }
}

/** Runs the contracts. Throws what `complete` of src/run throws. */
export async function completeExpanded(
  { engine, plan, history }: ExpandedScene,
  options: Omit<RunOptions, 'engine' | 'plan' | 'migrations' | 'contract'> & Completing,
): Promise<Ran> {
  const report = await complete({ ...options, engine, plan, migrations: [], ...present({ history }) })
  return { plan, report }
}

/** `apply`, and then the contract of all that it leaves expanded, until nothing waits for one any more. The gates are asked all the same. */
export async function applyToTheEnd(options: ApplyVerbOptions, first: Looked, asked: Asked): Promise<readonly Ran[]> {
  const ran: Ran[] = []
  for (let looked = first; ; looked = await look(options)) {
    const applied = await applyLooked(options, looked)
    const scene = await lookExpanded(options.connection, present({ project: asked.project }))
    const settings = { ...options.settings, connect: options.connection, contract: asked.contract }
    const completed = scene.migrations.length === 0 ? [] : [await completeExpanded(scene, settings)]
    ran.push(...applied, ...completed)
    if (applied.at(-1)?.plan.waiting === undefined || completed.length === 0) return ran
  }
}

interface Asked {
  readonly contract: ContractOptions
  readonly project?: string
}
