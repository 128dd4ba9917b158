import type { BackfillStore, RowWork } from './backfill.ts'
import type { Role, StepWords, Tie } from './bond.ts'
import type { Catalog } from './catalog.ts'
import type { Dialect } from './dialect.ts'
import type { EvidenceStore } from './evidence.ts'
import type { Facts } from './facts.ts'
import type { HazardRule, Judged } from './hazard.ts'
import type { Journal } from './journal.ts'
import type { Doubled, Walk } from './plan.ts'
import type { Rewrite } from './rewrite.ts'
import type { Server } from './server.ts'
import type { ConnectOptions, Session } from './session.ts'
import type { Statement } from './statement.ts'
import type { Estimated, Speed, Statistics } from './statistics.ts'
import type { Reversal } from './way-back.ts'
import type { GivenValue, UpDown } from './up-down.ts'
import type { VersionViews } from './versions.ts'

export interface UpDownGround<Node> {
  /** What it may be about. */
  readonly about: readonly Judged<Node>[]
  /** What the migration finds. */
  readonly start: Catalog
  /** What the migration leaves. */
  readonly after: Catalog
}

/** One database system. All but connect, journal and observe are pure. */
export interface Engine<Node = unknown> {
  readonly name: 'postgres' | 'mysql'
  readonly dialect: Dialect
  /** Loads the parser; the pure functions below need it to have been awaited once. */
  load(): Promise<void>
  /** Splits and parses a script. Throws `syntax` with line and column, `nul-byte`, `meta-command`. */
  parse(sql: Uint8Array): readonly Statement<Node>[]
  /** A multi-action ALTER TABLE as single actions, each checked against the original tree; anything else as it is. */
  split(statement: Statement<Node>): readonly Statement<Node>[]
  /** The text with its parameters as literals, as the driver would have sent them; undefined where one has no safe literal. */
  inline(sql: string, parameters: readonly unknown[]): string | undefined
  facts(statement: Statement<Node>, catalog: Catalog): Facts
  /** The catalog after the statement. */
  simulate(statement: Statement<Node>, catalog: Catalog): Catalog
  /** The catalog once what came after `before` has been deployed for a while: none of it is new any more. */
  settle(after: Catalog, before: Catalog): Catalog
  /** Statements that take a key away and put it back around changes that carry it along: they are left out. */
  keptKeys(statements: readonly Statement<Node>[], before: Catalog): ReadonlySet<Statement<Node>>
  role(statement: Statement<Node>): Role
  /** What must not be cut apart in the statements of one migration. */
  ties(judged: readonly Judged<Node>[]): readonly Tie[]
  /** Title and undo of a statement that runs as it is written; `start` is what its migration finds, since what that adds goes as a whole. */
  words(judged: Judged<Node>, start: Catalog): StepWords
  /** A catalog that knows nothing, for a server of this version. */
  emptyCatalog(server: Server, schema: string): Catalog
  /** Runs it on a sandbox, in the session's open transaction or on its own where it must, and reports what it saw. `before`: what it finds there, if known. */
  observe(statement: Statement<Node>, sandbox: Session, before?: Catalog): Promise<Facts>
  /** How long a statement works once it has its locks; `parts` are its single actions. */
  estimate(judged: Judged<Node>, parts: readonly Judged<Node>[], statistics: Statistics): Estimated
  /** A sample of the server's speed on the largest of these relations, read-only, in about a second; undefined where it gave no answer. */
  calibrate(session: Session, catalog: Catalog, relations: readonly string[]): Promise<Speed | undefined>
  readonly hazards: readonly HazardRule<Node>[]
  /** What rules name the statement by: its tag, and the actions of an ALTER TABLE. */
  topics(statement: Statement<Node>): readonly string[]
  readonly rewrites: readonly Rewrite<Node>[]
  /** Absent where no views stand between versions and tables. */
  readonly versions?: VersionViews
  /** An UPDATE, DELETE or INSERT ... SELECT as batched work, or why it cannot be (H7). `walk`: by a key, even where pages would be faster. */
  rowWork(statement: Statement<Node>, catalog: Catalog, walk?: 'key' | 'descending'): RowWork
  /**
   * How rows that a module changes are walked: by a key where there is one, for that alone tells a row again. `key`: by this one. Undefined where
   * the table has no such key, and no other safe way.
   */
  codeWalk(relation: string, catalog: Catalog, how: { readonly falsifies: boolean; readonly key?: readonly string[] }): Walk | undefined
  /** What takes it back once it has been in use, as far as anything can. */
  reverse(judged: Judged<Node>): Reversal
  /** Whether it changes, replaces or ties itself to what an expanded migration keeps double; reading and writing rows does not. */
  touches(judged: Judged<Node>, doubled: Doubled): boolean
  /**
   * Which statement a value of the user's is about, and the value as it may stand over the row of its table; undefined where the table has no
   * rows yet, so that it says nothing. Throws `up-down-invalid` with file and line.
   */
  upDown(given: GivenValue, ground: UpDownGround<Node>): { readonly judged: Judged<Node>; readonly value: UpDown } | undefined
  /** The values of the statement's constants, as texts: they may be data that is to stand in no message. */
  constants(statement: Statement<Node>): readonly string[]
  connect(options: ConnectOptions): Promise<Session>
  journal(session: Session): Journal
  backfills(session: Session): BackfillStore
  evidence(session: Session): EvidenceStore
}
