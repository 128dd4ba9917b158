import type { NamedBackfill } from '../model/backfill.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { Expanded } from '../model/plan.ts'
import type { VersionScope } from '../model/rewrite.ts'
import type { KnownVersions } from '../model/versions.ts'

/** What the planner asks of an engine; all of it is pure. */
export type PlanEngine<Node> = Pick<
  Engine<Node>,
  | 'parse'
  | 'inline'
  | 'split'
  | 'facts'
  | 'simulate'
  | 'hazards'
  | 'topics'
  | 'rewrites'
  | 'role'
  | 'ties'
  | 'words'
  | 'codeWalk'
  | 'touches'
  | 'reverse'
  | 'settle'
  | 'upDown'
  | 'dialect'
  | 'versions'
  | 'keptKeys'
>

export interface PlanOptions {
  readonly project: string
  /** What the server has before the first step. */
  readonly catalog: Catalog
  /** The longest that anyone may wait behind a strong lock (H13). */
  readonly lockBudgetMs: number
  /** For statements that hold one. */
  readonly statementTimeoutMs: number
  /** RULE, or RULE:migration: hazards taken upon oneself. */
  readonly allow: readonly string[]
  /** Earlier migrations that are expanded; what they keep double must not be touched (H11). Absent: none. */
  readonly open?: readonly Expanded[]
  /** Hash of the definitions of what the plan touches, from the server. */
  readonly touched: string
  /** The backfills in TypeScript that the migrations name, loaded. Absent: what is planned is not to run. */
  readonly backfills?: ReadonlyMap<string, NamedBackfill>
  /** Absent: applications use the tables themselves, whatever the migrations say. */
  readonly versions?: KnownVersions
}

export interface CutContext {
  /** Present where the migration is one whose version is shown by views. */
  readonly versions?: VersionScope
  readonly migration: Migration
  readonly options: PlanOptions
  /** SETs of the files before this one. */
  readonly session: readonly string[]
}
