import type { Engine } from '../model/engine.ts'
import type { Hazard, HazardInput, HazardRule, Judged } from '../model/hazard.ts'
import type { JudgedStatement } from './judge.ts'

/** The rules of an engine that harm is judged by; those of style only where somebody asks for them. */
export function rulesOf<Node>(engine: Pick<Engine<Node>, 'hazards'>, style: boolean): readonly HazardRule<Node>[] {
  return style ? engine.hazards : engine.hazards.filter(({ group }) => group !== 'style')
}

/** What the rules say of one statement in its transaction; of style they say nothing. */
export function opinionsOn<Node>(engine: Pick<Engine<Node>, 'hazards'>, input: HazardInput<Node>): readonly Hazard[] {
  return engine.hazards.flatMap((rule) => (rule.group === 'style' ? [] : rule.detect(input)))
}

/**
 * The opinions of the rules about each statement, by position. `transactions` numbers the transaction of each: a rule sees
 * the whole of it, since the locks held so far count.
 */
export function hazardsOf<Node>(
  rules: readonly HazardRule<Node>[],
  statements: readonly JudgedStatement<Node>[],
  transactions: readonly number[],
): readonly (readonly Hazard[])[] {
  const all: Judged<Node>[] = []
  const open = new Map<number | undefined, Transaction<Node>>()
  const places = statements.map((statement, at) => {
    const transaction = open.get(transactions[at]) ?? { all, from: all.length, parts: [] }
    open.set(transactions[at], transaction)
    const start = transaction.parts.length
    transaction.parts.push(...statement.parts)
    all.push(...statement.parts)
    return { transaction, start }
  })
  return places.map((place, at) => distinct((statements[at]?.parts ?? []).flatMap((part, own) => opinions(rules, part, { ...place, own }))))
}

interface Transaction<Node> {
  /** All parts of the migration, and where this transaction begins in them. */
  readonly all: readonly Judged<Node>[]
  readonly from: number
  readonly parts: Judged<Node>[]
}

interface Place<Node> {
  readonly transaction: Transaction<Node>
  /** Where the statement's parts begin in it. */
  readonly start: number
  readonly own: number
}

function opinions<Node>(
  rules: readonly HazardRule<Node>[],
  part: Judged<Node>,
  { transaction: { all, from, parts }, start, own }: Place<Node>,
): readonly Hazard[] {
  const input: HazardInput<Node> = {
    statement: part.statement,
    facts: part.facts,
    before: part.before,
    transaction: parts,
    at: start + own,
    migration: all,
    start: from,
  }
  const found: Hazard[] = []
  for (const rule of rules) {
    const said = rule.detect(input)
    if (said.length > 0) found.push(...said)
  }
  return found
}

// Two actions of one ALTER TABLE can call forth the same sentence.
function distinct(hazards: readonly Hazard[]): readonly Hazard[] {
  if (hazards.length < 2) return hazards
  return [...new Map(hazards.map((hazard) => [`${hazard.rule}\n${hazard.message}`, hazard])).values()]
}
