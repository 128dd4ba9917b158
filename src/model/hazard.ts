import type { Catalog } from './catalog.ts'
import type { Facts } from './facts.ts'
import type { Statement } from './statement.ts'
import type { UpDown } from './up-down.ts'

export type Severity = 'info' | 'warning' | 'error'
/** `style` is taste, not harm: `check --style` asks for it, and a plan never looks at it. */
export type HazardGroup = 'lock' | 'rewrite' | 'compatibility' | 'data-loss' | 'transaction' | 'operations' | 'style'

/** An opinion about one statement in its transaction. */
export interface Hazard {
  readonly rule: string
  readonly severity: Severity
  /** For someone tired: what happens, to which table, who waits. */
  readonly message: string
  /** What to do instead, by hand. */
  readonly fix: string
  /** Canonical name of the relation that suffers. */
  readonly relation?: string
  /** Id of the rewrite by which `apply` removes it. Where absent, `apply` stops unless `--allow` names the rule. */
  readonly rewrite?: string
  /** The application that runs now fails or misreads after it. */
  readonly breaksOldApp: boolean
}

/** A statement with what it does and the catalog that it finds. */
export interface Judged<Node = unknown> {
  readonly statement: Statement<Node>
  readonly facts: Facts
  readonly before: Catalog
  /** What the user says that its columns hold; absent where he says nothing. */
  readonly upDown?: readonly UpDown[]
}

export interface HazardInput<Node = unknown> extends Judged<Node> {
  /** All statements of the transaction, this one included: the locks held so far times the work that follows. */
  readonly transaction: readonly Judged<Node>[]
  /** Position of this statement in `transaction`. */
  readonly at: number
  /** All statements of the migration, where it is judged as a whole; those before `start` belong to earlier transactions. */
  readonly migration?: readonly Judged<Node>[]
  /** Where this transaction begins in `migration`. */
  readonly start?: number
}

export interface Examples {
  readonly hazardous: readonly string[]
  readonly safe: readonly string[]
  /** The release that they are for, where only some releases are concerned: `14.2`. */
  readonly server?: string
  /** The size of each table that the setup makes, where only large ones are concerned. */
  readonly bytes?: number
}

/** `Topic`: what the engine names statements by. */
export interface HazardRule<Node = unknown, Topic extends string = string> {
  /** The harm, in kebab case: `blocking-index-build`. The file's name. */
  readonly id: string
  readonly group: HazardGroup
  readonly title: string
  /** One paragraph: what waits or breaks, and why. */
  readonly why: string
  /** Where the claim comes from: manual, measurement. */
  readonly source: string
  /**
   * Scripts; the last statement of each is judged on the catalog that the earlier ones left. They are the tests and the docs. What stands
   * before a BEGIN is old by then; what follows it is the transaction of the last statement, and what it creates is new. Without one the last is alone.
   */
  readonly examples: Examples
  /** The only statements that it speaks of; it is not asked about others, since 90 rules for each of 10,000 statements take their time. Absent: any. */
  readonly on?: readonly Topic[]
  detect(input: HazardInput<Node>): readonly Hazard[]
}
