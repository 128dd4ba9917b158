import type { Evidence, EvidenceKind, OldApplication } from '../model/evidence.ts'
import type { ClosedGate } from '../model/event.ts'
import type { GateStep, PlannedMigration, UnusedGate } from '../model/plan.ts'
import type { ContractOptions } from './options.ts'
import type { StepContext } from './step-context.ts'

/** How long nothing may have been seen, where nobody says otherwise: longer than most jobs and caches sleep. */
const defaultQuietMs = 15 * 60_000

interface Place {
  readonly step: GateStep
  readonly limitMs: number
}

/**
 * Looks once whether the old shape is in use, and keeps what it saw. One closed gate for each kind of evidence that holds back:
 * `unused:statements`. Nothing waits and nothing is kept open: the quiet time is the server's clock and what the last look wrote down (H10).
 */
export async function closedByEvidence(gate: UnusedGate, place: Place, context: StepContext): Promise<readonly ClosedGate[]> {
  const { old = nobodyNamed, quietMs = defaultQuietMs } = context.options.contract ?? {}
  const all = await look(gate, place, context)
  return all.flatMap((evidence) => closedBy(evidence, { gate, quietMs, old }) ?? [])
}

const firstLookLimitMs = 10_000

/**
 * The first look, when the migration has just been expanded: the quiet time runs from here, and what evidence cannot be had is said while there
 * is time to mend that. The migration is expanded whether or not it succeeds: then the first `complete` looks first.
 */
export async function lookFirst({ steps }: PlannedMigration, context: StepContext): Promise<void> {
  const { migration, emit, connections } = context
  try {
    for (const step of steps) {
      if (step.kind !== 'gate') continue
      for (const gate of step.gates) {
        if (gate.kind !== 'unused') continue
        for (const { kind, missing } of await look(gate, { step, limitMs: firstLookLimitMs }, context))
          if (missing !== undefined) emit({ type: 'evidence-missing', migration, claim: claims[kind](gate.what), ...missing })
      }
    }
    await connections.work.query('select 1 as one', [], { statementTimeoutMs: 0 })
  } catch {
    // A lost connection shows at the next step; what else there may be, complete says.
  }
}

async function look(gate: UnusedGate, { step, limitMs }: Place, context: StepContext): Promise<readonly Evidence[]> {
  const { options, connections, migration } = context
  const key = { project: options.plan.project, migration, step: step.id, gate: step.gates.indexOf(gate) }
  return await options.engine.evidence(connections.work).look(key, gate, {
    old: options.contract?.old ?? nobodyNamed,
    ours: connections.ours,
    limits: { signal: options.signal, statementTimeoutMs: limitMs },
  })
}

const nobodyNamed: OldApplication = { applications: [], roles: [] }

interface Judging extends Required<Pick<ContractOptions, 'quietMs' | 'old'>> {
  readonly gate: UnusedGate
}

function closedBy({ kind, seen, quietSince, at, missing }: Evidence, { gate, quietMs, old }: Judging): ClosedGate | undefined {
  const quietForMs = quietSince === undefined ? Infinity : at.getTime() - quietSince.getTime()
  const isOpen = missing === undefined && (quietSince === undefined ? seen.length === 0 : quietForMs >= quietMs)
  if (isOpen) return undefined
  const closed = { gate: `unused:${kind}`, relation: gate.relation }
  const claim = claims[kind](gate.what)
  if (missing !== undefined)
    return { ...closed, failure: `nobody can tell whether ${claim}`, evidence: [missing.why, ...seen], hint: missing.hint }
  const evidence = quietSince === undefined ? seen : [...seen, waitText(quietForMs, quietMs, at)]
  if (seen.length === 0)
    return { ...closed, failure: `it is too early to tell whether ${claim}`, evidence, hint: `Run it again then.${unasked(old)}` }
  return { ...closed, failure: claim, evidence, hint: `Bring the new application everywhere, then run it again.${unasked(old)}` }
}

const claims: { readonly [kind in EvidenceKind]: (what: string) => string } = {
  sessions: () => 'the old application is connected',
  locks: (what) => `views of the old version with ${what} are in use`,
  writes: (what) => `the old application writes ${what}`,
  statements: (what) => `statements name ${what}`,
}

function unasked({ applications, roles }: OldApplication): string {
  return applications.length + roles.length > 0
    ? ''
    : ' Sessions were not looked at: say with --old-application or --old-role by what the old application is told.'
}

function waitText(quietForMs: number, quietMs: number, at: Date): string {
  const open = new Date(at.getTime() - quietForMs + quietMs).toISOString().slice(0, 19)
  return `quiet for ${seconds(quietForMs)} of ${seconds(quietMs)}: opens at ${open}Z if nothing more is seen`
}

function seconds(ms: number): string {
  const all = Math.floor(ms / 1_000)
  return all < 120 ? `${all} s` : `${Math.floor(all / 60)} min${all % 60 === 0 ? '' : ` ${all % 60} s`}`
}
