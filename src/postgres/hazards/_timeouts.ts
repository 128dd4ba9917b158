import { timeoutSet } from '../timeout.ts'
import type { Input } from './_input.ts'
import { earlierIn } from './_transaction.ts'

/** The timeout in milliseconds that holds for the statement, if a statement before it set one: for its transaction, or for the session. */
export function timeoutFor(input: Input, name: string): number | undefined {
  const ours = earlierIn(input).flatMap(({ statement: { node } }) => {
    const set = 'VariableSetStmt' in node ? timeoutSet(node.VariableSetStmt) : undefined
    return set?.name === name ? [set.ms] : []
  })
  return ours.length > 0 ? ours.at(-1) : input.before.timeouts?.[name]
}
