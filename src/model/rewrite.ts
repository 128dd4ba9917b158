import type { Catalog } from './catalog.ts'
import type { Judged } from './hazard.ts'
import type { DataCheck, Doubled, Gate, Step } from './plan.ts'

export interface Rewritten {
  /** How many statements it takes, counted from `at`. */
  readonly takes: number
  /** Their ids are only the words that describe them; the planner numbers them. */
  readonly steps: readonly Step[]
  readonly checks: readonly DataCheck[]
  /** It does what the user says that columns of these statements hold (up, down), together with other statements: none of them is taken as written. */
  readonly gives?: true
  /** Rules whose harm does not come about beside the one that names this rewrite: what they miss is put back in the same transaction. */
  readonly cures?: readonly string[]
  /** What comes when the running application is gone; absent where there is nothing. */
  readonly later?: Later
}

/** The contract of an operation: steps behind a gate. */
export interface Later {
  readonly gates: readonly Gate[]
  readonly steps: readonly Step[]
  /** What stands twice until then; no later statement may touch it. */
  readonly doubled: readonly Doubled[]
  /** Columns of the new shape, which a trigger fills: later statements of the migration build on them, later migrations may not touch them. */
  readonly filled?: readonly Doubled[]
  /** It changes a name and nothing else, behind what earlier statements of the migration do by the old one. */
  readonly follows?: true
}

export interface RewriteOptions {
  readonly lockBudgetMs: number
  readonly statementTimeoutMs: number
  /** What the server has before the run's first step: only what stands here can be looked at beforehand. */
  readonly physical: Catalog
  /** Present where applications find the tables through views of their version. */
  readonly versions?: VersionScope
}

/** The earlier versions, whose views go with the contract. */
export interface VersionScope {
  /** Names of their schemas. */
  readonly earlier: readonly string[]
  /** Canonical name of a table to those of their views that read it. */
  readonly views: ReadonlyMap<string, readonly string[]>
}

/** Sees the whole list of a migration's statements (ALTER TABLEs already split into single actions), since SET DEFAULT, SET NOT NULL is one idea. */
export interface Rewrite<Node = unknown> {
  /** The cure, in kebab case: `create-index-concurrently`. The file's name. */
  readonly id: string
  readonly why: string
  readonly source: string
  /** It can do what the user says that columns hold; its `whyNot` is then the reason why not. */
  readonly gives?: true
  match(judged: readonly Judged<Node>[], at: number, options: RewriteOptions): Rewritten | undefined
  /** Where it is the cure and cannot be had: the reason, for whoever reads that the migration is blocked. */
  whyNot?(judged: readonly Judged<Node>[], at: number): string | undefined
}
