import type { Catalog } from './catalog.ts'
import type { Judged } from './hazard.ts'
import type { DataCheck, Doubled, Gate, Step } from './plan.ts'

export interface Rewritten {
  /** How many statements it takes, counted from `at`. */
  readonly takes: number
  /** Their ids are only the words that describe them; the planner numbers them. */
  readonly steps: readonly Step[]
  readonly checks: readonly DataCheck[]
  /** What comes when the running application is gone; absent where there is nothing. */
  readonly later?: Later
}

/** The contract of an operation: steps behind a gate. */
export interface Later {
  readonly gates: readonly Gate[]
  readonly steps: readonly Step[]
  /** What stands twice until then; no later statement may touch it. */
  readonly doubled: readonly Doubled[]
}

export interface RewriteOptions {
  readonly lockBudgetMs: number
  readonly statementTimeoutMs: number
  /** What the server has before the run's first step: only what stands here can be looked at beforehand. */
  readonly physical: Catalog
}

/** Sees the whole list of a migration's statements (ALTER TABLEs already split into single actions), since SET DEFAULT, SET NOT NULL is one idea. */
export interface Rewrite<Node = unknown> {
  /** The cure, in kebab case: `create-index-concurrently`. The file's name. */
  readonly id: string
  readonly why: string
  readonly source: string
  match(judged: readonly Judged<Node>[], at: number, options: RewriteOptions): Rewritten | undefined
  /** Where it is the cure and cannot be had: the reason, for whoever reads that the migration is blocked. */
  whyNot?(judged: readonly Judged<Node>[], at: number): string | undefined
}
