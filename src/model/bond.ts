import type { Undo } from './plan.ts'

/**
 * What a statement is to the transaction and the session around it: `begin`, `commit` and `rollback` are the words of a transaction,
 * `session` a plain SET that later statements need too, `ours` a timeout that the runner sets itself and that is left out, `alone` what
 * must be committed before what follows can use it (a new value of an enum).
 */
export type Role = 'plain' | 'alone' | 'begin' | 'commit' | 'rollback' | 'session' | 'ours'

/** Statements from one position to another (inclusive) that must run in one transaction, and in one session, and what ties them (H4). */
export interface Tie {
  readonly from: number
  readonly to: number
  /** For the one who is to move it: "the temporary table staging". */
  readonly why: string
  /** It ties only what would have been one transaction: nothing, where each statement commits by itself. */
  readonly inTransaction?: true
}

/** How a statement that runs as it is written shows as a step. */
export interface StepWords {
  /** Kebab case, without a number. */
  readonly id: string
  readonly title: string
  readonly undo: Undo
}
