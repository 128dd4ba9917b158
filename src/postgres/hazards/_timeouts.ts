import { timeoutSet } from '../timeout.ts'
import type { Input } from './_input.ts'
import { broughtBy } from './_transaction.ts'

/** The timeout in milliseconds that holds for the statement, if a statement before it set one: for its transaction, or for the session. */
export function timeoutFor({ transaction, at, before }: Input, name: string): number | undefined {
  const set = setIn(transaction).findLast(({ place, value }) => place < at && value.name === name)
  return set === undefined ? before.timeouts?.[name] : set.value.ms
}

const setIn = broughtBy(({ statement: { node } }) => {
  const set = 'VariableSetStmt' in node ? timeoutSet(node.VariableSetStmt) : undefined
  return set === undefined ? [] : [set]
})
