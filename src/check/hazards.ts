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
  return statements.map((statement, at) => {
    const transaction = statements.filter((_, other) => transactions[other] === transactions[at]).flatMap((other) => other.parts)
    return distinct(statement.parts.flatMap((part) => opinions(rules, part, transaction)))
  })
}

function opinions<Node>(rules: readonly HazardRule<Node>[], part: Judged<Node>, transaction: readonly Judged<Node>[]): readonly Hazard[] {
  const input = { ...part, transaction, at: transaction.indexOf(part) }
  return rules.flatMap((rule) => rule.detect(input))
}

// Two actions of one ALTER TABLE can call forth the same sentence.
function distinct(hazards: readonly Hazard[]): readonly Hazard[] {
  return [...new Map(hazards.map((hazard) => [`${hazard.rule}\n${hazard.message}`, hazard])).values()]
}
