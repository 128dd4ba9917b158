import type { Engine } from '../model/engine.ts'
import type { Hazard, HazardInput, HazardRule, Judged } from '../model/hazard.ts'
import type { Statement } from '../model/statement.ts'
import type { JudgedStatement } from './judge.ts'

/** What the rules of an engine are, and which of them to ask. */
type Ruled<Node> = Pick<Engine<Node>, 'hazards' | 'topics'>

/** The rules of an engine that harm is judged by; those of style only where somebody asks for them. */
export function rulesOf<Node>(engine: Pick<Engine<Node>, 'hazards'>, style: boolean): readonly HazardRule<Node>[] {
  return style ? engine.hazards : engine.hazards.filter(({ group }) => group !== 'style')
}

/** The rules that may have something to say of a statement. */
export type Panel<Node> = (statement: Statement<Node>) => readonly HazardRule<Node>[]

/** Chooses from these rules; of statements with the same topics always the same ones. */
export function panelOf<Node>(engine: Pick<Engine<Node>, 'topics'>, rules: readonly HazardRule<Node>[]): Panel<Node> {
  const known = new Map<string, readonly HazardRule<Node>[]>()
  return (statement) => {
    const topics = engine.topics(statement)
    const key = topics.join()
    const found = known.get(key) ?? rules.filter((rule) => isAbout(rule, topics))
    known.set(key, found)
    return found
  }
}

/** Whether a rule speaks of statements with these topics. */
export function isAbout({ on }: Pick<HazardRule, 'on'>, topics: readonly string[]): boolean {
  return on === undefined || on.some((topic) => topics.includes(topic))
}

/** What the rules say of one statement in its transaction; of style they say nothing. */
export function opinionsOn<Node>(engine: Ruled<Node>, input: HazardInput<Node>): readonly Hazard[] {
  const topics = engine.topics(input.statement)
  return rulesOf(engine, false).flatMap((rule) => (isAbout(rule, topics) ? rule.detect(input) : []))
}

/**
 * The opinions of the rules about each statement, by position. `transactions` numbers the transaction of each: a rule sees
 * the whole of it, since the locks held so far count.
 */
export function hazardsOf<Node>(
  panel: Panel<Node>,
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
  return places.map((place, at) =>
    distinct(
      (statements[at]?.parts ?? []).flatMap((part, own) =>
        opinions(panel(part.statement), part, { transaction: place.transaction, start: place.start, own }),
      ),
    ),
  )
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
    ...(part.upDown !== undefined && { upDown: part.upDown }),
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
