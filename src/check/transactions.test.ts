import { describe, expect, it } from 'vitest'
import { transactionsOf } from './transactions.ts'

const script = (...sql: readonly string[]) =>
  sql.map((text) => ({ sql: text, kind: /^(begin|commit|rollback|savepoint|start)/i.test(text) ? 'TransactionStmt' : 'Other' }))

describe('transactionsOf', () => {
  it('puts a file into one transaction where the ORM does', () => {
    expect(transactionsOf(script('a', 'b', 'c'), 'file')).toEqual([0, 0, 0])
  })

  it('gives each statement its own where nobody wraps them', () => {
    expect(new Set(transactionsOf(script('a', 'b', 'c'), 'none')).size).toBe(3)
  })

  it('lets COMMIT in the file end the transaction, and each later statement stand alone', () => {
    const [a, , b, c] = transactionsOf(script('a', 'COMMIT', 'b', 'c'), 'file')
    expect(new Set([a, b, c]).size).toBe(3)
  })

  it('joins what stands between BEGIN and COMMIT', () => {
    const [before, , a, b, , after] = transactionsOf(script('before', 'BEGIN', 'a', 'b', 'COMMIT', 'after'), 'none')
    expect(a).toBe(b)
    expect(new Set([before, a, after]).size).toBe(3)
  })

  it('does not take a savepoint for an end', () => {
    const [, , a, , b] = transactionsOf(script('BEGIN', 'SAVEPOINT s', 'a', 'ROLLBACK TO SAVEPOINT s', 'b'), 'none')
    expect(a).toBe(b)
  })
})
