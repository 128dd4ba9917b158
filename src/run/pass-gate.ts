import { LockkeeperError } from '../model/errors.ts'
import type { ClosedGate } from '../model/event.ts'
import type { Gate, GateStep, QueryGate } from '../model/plan.ts'
import type { Row } from '../model/session.ts'
import { jitter, sleep } from '../std/sleep.ts'
import { closedByEvidence } from './evidence-gate.ts'
import type { ContractOptions } from './options.ts'
import { fold } from './state.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/**
 * Asks each condition of a gate, and writes its done row once all hold, with those that somebody took upon himself. Locks nothing, and until then
 * writes nothing but what it saw (H10). Waits as long as `contract.waitMs` says; then throws `gate-closed`, with the evidence.
 */
export async function passGate(step: GateStep, context: StepContext): Promise<StepOutcome> {
  const { options, migration, emit } = context
  const contract = options.contract ?? askedOnce
  const until = performance.now() + contract.waitMs
  for (;;) {
    const began = performance.now()
    const all = await closedGates(step, contract, context)
    const closed = all.filter(({ gate }) => overrideOf(gate, contract) === undefined)
    if (closed.length === 0) return await pass(step, all, context)
    if (performance.now() >= until) throw gateClosed(closed, context)
    emit({ type: 'gate-closed', migration, step: step.id, closed })
    // A gate may read a whole table: most of the time it must not.
    const pauseMs = jitter(Math.max(lookEveryMs, 9 * (performance.now() - began)))
    await sleep(Math.min(pauseMs, Math.max(1, until - performance.now())), options.signal)
  }
}

/** `unused` stands for all kinds of its evidence, `unused:statements` for one. */
function overrideOf(gate: string, { overrides }: ContractOptions): ContractOptions['overrides'][number] | undefined {
  return overrides.find((override) => override.gate === gate || gate.startsWith(`${override.gate}:`))
}

const askedOnce: ContractOptions = { overrides: [], minAgeMs: 0, waitMs: 0 }
const lookEveryMs = 1_000

async function closedGates(step: GateStep, contract: ContractOptions, context: StepContext): Promise<readonly ClosedGate[]> {
  const young = await tooYoung(contract, context)
  const closed: ClosedGate[] = young === undefined ? [] : [young]
  for (const gate of step.gates) {
    closed.push(...(await ask(gate, step, context)))
  }
  return closed
}

async function tooYoung({ minAgeMs }: ContractOptions, context: StepContext): Promise<ClosedGate | undefined> {
  if (minAgeMs === 0) return undefined
  const { options, connections, migration } = context
  const since = fold(await journalOf(context).read(options.plan.project)).get(migration)?.expandedAt
  const [row] = await connections.work.query('select clock_timestamp() as now')
  const now = row?.['now'] instanceof Date ? row['now'] : new Date()
  const age = since === undefined ? 0 : now.getTime() - since.getTime()
  if (age >= minAgeMs) return undefined
  return {
    gate: 'min-age',
    relation: '',
    failure: `${migration} has not been expanded for ${seconds(minAgeMs)} yet`,
    evidence: [since === undefined ? 'it is not expanded' : `expanded at ${since.toISOString()}, ${seconds(age)} ago`],
    hint: 'Run it again later, or with a shorter --min-age.',
  }
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1_000)} s`
}

/** A whole table may be read; nobody waits for that. */
const askLimitMs = 30 * 60_000
const mostShown = 5

async function ask(gate: Gate, step: GateStep, context: StepContext): Promise<readonly ClosedGate[]> {
  switch (gate.kind) {
    case 'backfilled':
    case 'in-step':
    case 'nothing-depends':
      return await askQuery(gate, context)
    case 'unused':
      return await closedByEvidence(gate, { step, limitMs: askLimitMs }, context)
  }
}

async function askQuery(gate: QueryGate, { connections, options }: StepContext): Promise<readonly ClosedGate[]> {
  const { kind, relation, sql, failure, hint } = gate
  const rows = await connections.work.query(sql, [], { signal: options.signal, statementTimeoutMs: askLimitMs })
  return rows.length === 0 ? [] : [{ gate: kind, relation, failure, evidence: rows.slice(0, mostShown).map(inWords), hint }]
}

function inWords(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => (name === 'what' ? String(value) : `${name} = ${String(value).slice(0, 80)}`))
    .join(', ')
}

/** One transaction: what was taken upon oneself, and the done row. */
async function pass(step: GateStep, overridden: readonly ClosedGate[], context: StepContext): Promise<StepOutcome> {
  const { options, migration, connections } = context
  const journal = journalOf(context)
  const record = journal.recordSql.bind(journal, options.plan.project)
  const overrides = overridden.flatMap(({ gate, evidence }) => {
    const reason = overrideOf(gate, options.contract ?? askedOnce)?.reason ?? ''
    return record({ type: 'gate-overridden', migration, step: step.id, gate, reason, evidence })
  })
  await connections.work.script([...overrides, ...record({ type: 'step-done', migration, step: step.id, ms: 0, attempts: 0 })])
  return { attempts: 0 }
}

function gateClosed(closed: readonly ClosedGate[], { migration }: StepContext): LockkeeperError {
  const hints = [...new Set(closed.map(({ hint }) => hint))].join(' ')
  const overrides = [...new Set(closed.map(({ gate }) => `--override ${gate}`))].join(' ')
  return new LockkeeperError('gate-closed', `${migration} stays expanded: ${closed.map(({ failure }) => failure).join('; ')}`, {
    hint: `${hints} Or take it upon yourself: ${overrides} --reason "why".`,
    details: { migration, closed },
  })
}
