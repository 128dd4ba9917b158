import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Facts } from '../model/facts.ts'
import type { Estimated, Statistics } from '../model/statistics.ts'
import type { CheckedMigration, CheckReport, ProjectFinding } from '../model/verdict.ts'
import { keyOf } from './baseline.ts'
import { checked, type Desk } from './checked.ts'
import { estimateNote, estimateOf } from './estimates.ts'
import type { Hazard } from '../model/hazard.ts'
import { hazardsOf, panelOf, rulesOf } from './hazards.ts'
import { judge, type Choose, type Judgement } from './judge.ts'
import { ownRules } from './own-rules.ts'
import type { Observation, PendingMigration } from './pending.ts'
import { defaultPolicy, isIgnored, type Policy } from './policy.ts'
import { summaryOf } from './summary.ts'
import { transactionsOf } from './transactions.ts'
import { withUpDown } from './up-down.ts'
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

export type CheckEngine<Node> = Pick<Engine<Node>, 'facts' | 'simulate' | 'settle' | 'split' | 'hazards' | 'topics' | 'estimate' | 'upDown'>

/** What every pending statement locks, rewrites, scans and breaks. Each migration is done with before the next is asked for. */
export function check<Node>(engine: CheckEngine<Node>, pending: Iterable<PendingMigration<Node>>, options: CheckOptions): CheckReport {
  const desk = deskOf(engine, options)
  const judges = judgesOf(engine, options)
  const migrations: CheckedMigration[] = []
  const estimated: Estimated[] = []
  for (const item of pending) {
    const said = judges(item)
    // One by one: the arguments of a call must fit on the stack.
    for (const verdict of said.flat()) estimated.push(verdict.estimated)
    if (!isIgnored(desk.policy, item.migration.file)) migrations.push(checked(item, said, desk))
  }
  const version = options.versions.at(-1) ?? options.catalog.server.version
  return {
    server: { flavor: options.catalog.server.flavor, version },
    versions: options.versions,
    summary: summaryOf(migrations, options.project ?? []),
    migrations,
    project: options.project ?? [],
    notes: [...options.notes, ...estimateNote(estimated)],
  }
}

function deskOf<Node>(engine: CheckEngine<Node>, { policy = defaultPolicy, style, today }: CheckOptions): Desk {
  const active = new Set<string>(rulesOf(engine, style === true).map(({ id }) => id))
  const idle = new Set(engine.hazards.flatMap(({ id }) => (active.has(id) ? [] : [id])))
  const known = new Set([...engine.hazards, ...ownRules].map(({ id }) => id))
  const accepted = new Set((policy.baseline?.findings ?? []).map(keyOf))
  return { policy, known, idle, today, accepted }
}

/** The verdicts on one migration, by major and then by statement; to be asked for one migration after the other. */
type Judges<Node> = (item: PendingMigration<Node>) => readonly (readonly Verdict[])[]

function judgesOf<Node>(engine: CheckEngine<Node>, options: CheckOptions): Judges<Node> {
  const sandbox = options.sandboxVersion === undefined ? undefined : groundOf(engine, options, options.sandboxVersion)
  const judges = options.versions.map((version) => verdictsFor(engine, options, version))
  return (item) => {
    const predicted = sandbox?.(item).statements.map(({ facts }) => facts)
    return judges.map((verdicts) => verdicts(item, predicted))
  }
}

/** Judges one migration after the other for a server of this major, each on what the earlier ones left. */
function groundOf<Node>(engine: CheckEngine<Node>, { catalog, together }: CheckOptions, version: number) {
  let before = forVersion(catalog, version)
  return ({ migration, statements }: PendingMigration<Node>, choose?: Choose): Judgement<Node> => {
    const judged = judge(engine, statements, { before, choose })
    before = together ? judged.after : engine.settle(judged.after, before)
    const parts = judged.statements.map((one) => one.parts)
    const told = withUpDown(engine, { migration, statements, parts, after: judged.after })
    return told === parts ? judged : { ...judged, statements: judged.statements.map((one, at) => ({ ...one, parts: told[at] ?? [] })) }
  }
}

/** Nobody runs as plain SQL what has a version of its own: what a rewrite takes away, and what only the old version would feel, does not happen. */
function isLeft({ rewrite, breaksOldApp }: Hazard): boolean {
  return rewrite === undefined && !breaksOldApp
}

/** `predicted` are the facts for the sandbox's own major: where another major's prediction is equal, the observation holds for it too (H15). */
function verdictsFor<Node>(engine: CheckEngine<Node>, options: CheckOptions, version: number) {
  const judged = groundOf(engine, options, version)
  const panel = panelOf(engine, rulesOf(engine, options.style === true))
  return (item: PendingMigration<Node>, predicted: readonly Facts[] | undefined): readonly Verdict[] => {
    const { statements } = judged(item, (at, mine) => chosen(item.observed[at], mine, predicted?.[at]))
    const hazards = hazardsOf(panel, statements, transactionsOf(item.statements, item.migration.transaction))
    return statements.map((statement, at) => ({
      version,
      facts: statement.facts,
      hazards: (hazards[at] ?? []).filter((hazard) => item.migration.version === undefined || isLeft(hazard)),
      estimated: estimateOf(engine, statement, options.statistics),
    }))
  }
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
