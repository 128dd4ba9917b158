import type { Catalog } from './catalog.ts'
import type { Hazard } from './hazard.ts'
import type { Step, UnusedGate } from './plan.ts'
import type { RewriteOptions } from './rewrite.ts'

/** What is known of the versions of the application, each of which finds the tables through views in a schema of its own. */
export interface KnownVersions {
  /** What the server has, those schemas included. */
  readonly physical: Catalog
  /** SQL of the contracts that are still to come, oldest first. */
  readonly contracts: readonly string[]
  /** The versions that have been applied, as `Migration.version` says them, oldest first. */
  readonly all: readonly string[]
}

/** A version that is to be shown. */
export interface VersionAsked {
  readonly version: string
  readonly physical: Catalog
  /** SQL of the run's steps before the first gate, and of all contracts behind, in the order in which they are taken. */
  readonly expand: readonly string[]
  readonly contracts: readonly string[]
  /** Schemas of earlier versions. */
  readonly earlier: readonly string[]
}

/** The schema of one version. */
export interface VersionLayer {
  /** Schema, views and rights, as the end of the expansion. Empty where there is no table to show. */
  readonly show: readonly Step[]
  /** Unquoted. */
  readonly schema: string
  /** What an operator would have to know before: tables that no view can stand for. */
  readonly refused: readonly Hazard[]
  /** Nobody uses the earlier versions. */
  readonly gates: readonly UnusedGate[]
  /** The earlier versions go. */
  readonly leave: readonly Step[]
}

/** The views through which versions of the application see the tables; a part of the engine, and pure. */
export interface VersionViews {
  /** The schemas of these versions that stand. */
  standing(catalog: Catalog, versions: readonly string[]): readonly string[]
  /** The catalog as if these schemas did not exist: they bind no change of a table. */
  without(catalog: Catalog, schemas: readonly string[]): Catalog
  layer(asked: VersionAsked, options: RewriteOptions): VersionLayer
  /** Canonical name of a table to those of the views in these schemas that read it. */
  onTables(catalog: Catalog, schemas: readonly string[]): ReadonlyMap<string, readonly string[]>
  /** The views of earlier versions on these tables go, before the tables change. */
  leaveTables(tables: readonly string[], asked: Pick<VersionAsked, 'physical' | 'earlier'>, options: RewriteOptions): readonly Step[]
}
