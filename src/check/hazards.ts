import type { Hazard, HazardRule, Judged } from '../model/hazard.ts'
import type { JudgedStatement } from './judge.ts'

/**
 * The opinions of all rules about each statement, by position. `transactions` numbers the transaction of each: a rule sees
 * the whole of it, since the locks held so far count.
 */
export function hazardsOf<Node>(
  rules: readonly HazardRule<Node>[],
  statements: readonly JudgedStatement<Node>[],
  transactions: readonly number[],
): readonly (readonly Hazard[])[] {
  const parts = new Map<number | undefined, Judged<Node>[]>()
  const places = statements.map((statement, at) => {
    const transaction = parts.get(transactions[at]) ?? []
    parts.set(transactions[at], transaction)
    const start = transaction.length
    transaction.push(...statement.parts)
    return { transaction, start }
  })
  return places.map((place, at) => distinct((statements[at]?.parts ?? []).flatMap((part, own) => opinions(rules, part, { ...place, own }))))
}

interface Place<Node> {
  readonly transaction: readonly Judged<Node>[]
  /** Where the statement's parts begin in it. */
  readonly start: number
  readonly own: number
}

function opinions<Node>(
  rules: readonly HazardRule<Node>[],
  part: Judged<Node>,
  { transaction, start, own }: Place<Node>,
): readonly Hazard[] {
  const input = { statement: part.statement, facts: part.facts, before: part.before, transaction, at: start + own }
  const found: Hazard[] = []
  for (const rule of rules) for (const hazard of rule.detect(input)) found.push(hazard)
  return found
}

// Two actions of one ALTER TABLE can call forth the same sentence.
function distinct(hazards: readonly Hazard[]): readonly Hazard[] {
  if (hazards.length < 2) return hazards
  return [...new Map(hazards.map((hazard) => [`${hazard.rule}\n${hazard.message}`, hazard])).values()]
}
