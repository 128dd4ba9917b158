import type { Server } from './server.ts'

/** How long the work of a statement takes once it has its locks; waiting for them not included. */
export interface Estimate {
  readonly lowMs: number
  readonly highMs: number
  /** What it follows from, for people: "1.2 GB, 12,000,000 rows (statistics of 3 hours ago)". */
  readonly basis: string
}

/**
 * `none`: no work that grows with a table, or work that tables do not tell. `unknown`: these tables have no statistics. Never a guess.
 */
export type Estimated =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly relations: readonly string[] }
  | { readonly kind: 'range'; readonly estimate: Estimate }

/** How fast one server read a few pages of this table. */
export interface SampledScan {
  readonly relation: string
  readonly bytesPerSecond: number
}

/** What a short read-only sample of a server found. */
export interface Speed {
  readonly scans: readonly SampledScan[]
  /** Integers sorted in memory: stands for all that its processor does row by row. */
  readonly sortedRowsPerSecond: number
}

/** Size of a table, without a value of its data. */
export interface RelationSize {
  /** Absent where it was never analysed. */
  readonly rows?: number
  /** With indexes and TOAST. */
  readonly bytes: number
  readonly pages: number
  /** ISO 8601 in UTC. */
  readonly analyzedAt?: string
  /** Bytes by index. */
  readonly indexes: { readonly [name: string]: number }
}

/** Sizes and speed of one database at one time. */
export interface Statistics {
  /** `stats-file`: of another database than the one at hand; good for sizes and times, never for a milder verdict. */
  readonly origin: 'database' | 'stats-file'
  readonly server: Server
  /** ISO 8601 in UTC, by that server's clock. */
  readonly takenAt: string
  readonly speed: Speed
  /** By canonical name. */
  readonly relations: { readonly [relation: string]: RelationSize }
}
