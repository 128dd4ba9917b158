import { timeoutSet } from '../timeout.ts'
import type { Input } from './_input.ts'

/** The timeout in milliseconds that holds for the statement, if a statement before it set one: for its transaction, or for the session. */
export function timeoutFor({ transaction, at, before }: Input, name: string): number | undefined {
  for (let place = at - 1; place >= 0; place -= 1) {
    const node = transaction[place]?.statement.node
    const set = node !== undefined && 'VariableSetStmt' in node ? timeoutSet(node.VariableSetStmt) : undefined
    if (set?.name === name) return set.ms
  }
  return before.timeouts?.[name]
}
