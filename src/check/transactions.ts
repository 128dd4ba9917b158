import type { Migration } from '../model/migration.ts'

interface Item {
  readonly kind: string
  readonly sql: string
}

/**
 * Numbers the transaction of each statement: what shares a number commits together. `mode` is what the ORM would have wrapped
 * (`batch` counts as one file here); BEGIN and COMMIT in the file win over it, as they do on the server.
 */
export function transactionsOf(statements: readonly Item[], mode: Migration['transaction']): readonly number[] {
  let current = 0
  let open = mode !== 'none'
  return statements.map((statement) => {
    const control = controlOf(statement)
    if (control === 'begin' && !open) current += 1
    if (control === 'begin') open = true
    if (control === undefined && !open) current += 1
    const number = current
    if (control === 'end') {
      open = false
      current += 1
    }
    return number
  })
}

/** Whether the statement opens or ends a transaction; savepoints do neither. */
export function controlOf(statement: Item): 'begin' | 'end' | undefined {
  if (statement.kind !== 'TransactionStmt') return undefined
  if (/^\s*(begin|start)\b/i.test(statement.sql)) return 'begin'
  return /^\s*(commit|end|abort|prepare|rollback(?!\s+(work\s+|transaction\s+)?to\b))\b/i.test(statement.sql) ? 'end' : undefined
}
