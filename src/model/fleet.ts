import type { TimedEvent } from './event.ts'

/** What is done in every database of a fleet. */
export type FleetJob = { readonly kind: 'apply' } | { readonly kind: 'backfill'; readonly name: string }

/** A database, or a schema of one. Only `name` ever leaves the machine: the control database and what is printed know no URL. */
export interface FleetTarget {
  /** Stable, and the same on every machine: `host:port/database[/schema]`, or what the list calls it. */
  readonly name: string
  readonly url: string
  /** A schema each for tenants; absent: the first of the connection's search_path. */
  readonly schema?: string
}

export type Share = { readonly unit: 'targets' | 'percent'; readonly amount: number }

/** How many at a time, and how many may fail. */
export interface FleetRules {
  /** Targets that go first and alone; a failure among them stops the fleet whatever the budget. 0: none. */
  readonly canary: number
  /** Size of the waves after it; a percentage is of all targets. */
  readonly wave: Share
  /** Failures that are put up with, in all waves together; a percentage is of all targets. */
  readonly budget: Share
}

export type TargetState = 'pending' | 'running' | 'done' | 'failed' | 'skipped'

/** What became of a target so far. */
export interface FleetRow {
  readonly name: string
  /** 0: the canaries. */
  readonly wave: number
  readonly state: TargetState
  /** How often a machine took it. */
  readonly attempts: number
  /** Of the attempt that ended last. */
  readonly ms?: number
  /** Taken by the machine that did it: steps of migrations, or batches of a backfill. */
  readonly steps?: number
  /** Changed by a backfill there, by whoever took part. */
  readonly rows?: number
  /** Why it failed, or why it will be tried again. */
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  /** host:pid of who works on it. */
  readonly machine?: string
}

/** Why a fleet ended before every target was done. */
export interface FleetStop {
  readonly code: 'fleet-budget-spent' | 'fleet-targets-unknown' | 'interrupted'
  readonly message: string
  readonly hint: string
}

export interface FleetReport {
  readonly name: string
  readonly job: FleetJob
  readonly rules: FleetRules
  readonly targets: readonly FleetRow[]
  readonly stopped?: FleetStop
  /** Whether this machine committed anything in any target. */
  readonly changed: boolean
}

export type FleetEvent =
  | { readonly type: 'wave-opened'; readonly wave: number; readonly targets: number }
  | { readonly type: 'target-started'; readonly target: string; readonly wave: number; readonly attempt: number }
  | { readonly type: 'target-done'; readonly target: string; readonly steps: number; readonly rows?: number; readonly ms: number }
  | { readonly type: 'target-retrying'; readonly target: string; readonly code: string; readonly message: string }
  | { readonly type: 'target-failed'; readonly target: string; readonly code: string; readonly message: string }
  | { readonly type: 'target-unknown'; readonly target: string }
  | { readonly type: 'machine-lost'; readonly target: string; readonly machine: string }
  | { readonly type: 'target-event'; readonly target: string; readonly event: TimedEvent }

export type FleetListener = (event: FleetEvent) => void
