import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Facts } from '../model/facts.ts'
import type { Statistics } from '../model/statistics.ts'
import type { CheckReport, ProjectFinding } from '../model/verdict.ts'
import { keyOf } from './baseline.ts'
import { checked, type Desk } from './checked.ts'
import { estimateNote, estimateOf } from './estimates.ts'
import { hazardsOf, panelOf, rulesOf } from './hazards.ts'
import { judge } from './judge.ts'
import { ownRules } from './own-rules.ts'
import type { Observation, PendingMigration } from './pending.ts'
import { defaultPolicy, isIgnored, type Policy } from './policy.ts'
import { summaryOf } from './summary.ts'
import { transactionsOf } from './transactions.ts'
import type { Verdict } from './worst.ts'

export interface CheckOptions {
  /** After everything that is not pending. */
  readonly catalog: Catalog
  /** Majors of the target: one where it is known, else all that it may be. */
  readonly versions: readonly number[]
  /** The major that made the observations. */
  readonly sandboxVersion?: number
  /** They will run one after the other at once: what one creates is still new to the next (H16). */
  readonly together: boolean
  /** `2026-11-24`, for suppressions that end. */
  readonly today: string
  /** The rules of style have their say too. */
  readonly style?: boolean
  /** Where it is absent, every rule is as it is. */
  readonly policy?: Policy
  readonly notes: readonly string[]
  /** Sizes and speed of the target; without them no statement has an estimate. */
  readonly statistics?: Statistics
  /** What the project's configuration does to its database outside any migration. */
  readonly project?: readonly ProjectFinding[]
}

export type CheckEngine<Node> = Pick<Engine<Node>, 'facts' | 'simulate' | 'settle' | 'split' | 'hazards' | 'topics' | 'estimate'>

/** What every pending statement locks, rewrites, scans and breaks. */
export function check<Node>(engine: CheckEngine<Node>, pending: readonly PendingMigration<Node>[], options: CheckOptions): CheckReport {
  const predicted =
    options.sandboxVersion === undefined ? undefined : predictions(engine, pending, { options, version: options.sandboxVersion })
  const verdicts = options.versions.map((version) => verdictsFor(engine, pending, { options, version, predicted }))
  const desk = deskOf(engine, options)
  const migrations = pending.flatMap((item, at) => {
    const said = verdicts.map((of) => of[at] ?? [])
    return isIgnored(desk.policy, item.migration.file) ? [] : [checked(item, said, desk)]
  })
  const version = options.versions.at(-1) ?? options.catalog.server.version
  return {
    server: { flavor: options.catalog.server.flavor, version },
    versions: options.versions,
    summary: summaryOf(migrations, options.project ?? []),
    migrations,
    project: options.project ?? [],
    notes: [...options.notes, ...estimateNote(verdicts.flat(2))],
  }
}

function deskOf<Node>(engine: CheckEngine<Node>, { policy = defaultPolicy, style, today }: CheckOptions): Desk {
  const active = new Set<string>(rulesOf(engine, style === true).map(({ id }) => id))
  const idle = new Set(engine.hazards.flatMap(({ id }) => (active.has(id) ? [] : [id])))
  const known = new Set([...engine.hazards, ...ownRules].map(({ id }) => id))
  const accepted = new Set((policy.baseline?.findings ?? []).map(keyOf))
  return { policy, known, idle, today, accepted }
}

/** Facts predicted for the sandbox's own major: where another major's prediction is equal, the observation holds for it too (H15). */
type Predictions = readonly (readonly Facts[])[]

interface Aim {
  readonly options: CheckOptions
  readonly version: number
  readonly predicted?: Predictions | undefined
}

function predictions<Node>(engine: CheckEngine<Node>, pending: readonly PendingMigration<Node>[], { options, version }: Aim): Predictions {
  let catalog = forVersion(options.catalog, version)
  return pending.map((item) => {
    const { statements, after } = judge(engine, item.statements, { before: catalog })
    catalog = options.together ? after : engine.settle(after, catalog)
    return statements.map((statement) => statement.facts)
  })
}

function verdictsFor<Node>(
  engine: CheckEngine<Node>,
  pending: readonly PendingMigration<Node>[],
  aim: Aim,
): readonly (readonly Verdict[])[] {
  const { options } = aim
  let catalog = forVersion(options.catalog, aim.version)
  const panel = panelOf(engine, rulesOf(engine, options.style === true))
  return pending.map((item, at) => {
    const choose = (index: number, mine: Facts) => chosen(item.observed[index], mine, aim.predicted?.[at]?.[index])
    const { statements, after } = judge(engine, item.statements, { before: catalog, choose })
    catalog = options.together ? after : engine.settle(after, catalog)
    const hazards = hazardsOf(panel, statements, transactionsOf(item.statements, item.migration.transaction))
    return statements.map((statement, index) => ({
      version: aim.version,
      facts: statement.facts,
      hazards: hazards[index] ?? [],
      estimated: estimateOf(engine, statement, options.statistics),
    }))
  })
}

function chosen(observation: Observation | undefined, mine: Facts, sandbox: Facts | undefined): Facts {
  if (observation?.kind !== 'facts' || sandbox === undefined) return mine
  return sameFacts(mine, sandbox) ? observation.facts : mine
}

function sameFacts(a: Facts, b: Facts): boolean {
  const essence = (f: Facts) => JSON.stringify([f.locks, f.rewrites, f.scans, f.builds, f.transaction, f.waitsFor])
  return essence(a) === essence(b)
}

function forVersion(catalog: Catalog, version: number): Catalog {
  if (catalog.server.version === version) return catalog
  return { ...catalog, server: { flavor: catalog.server.flavor, version } }
}
