import type { Server } from '../model/server.ts'
import type { Figures, Slice } from './samples.ts'

export type WayId = 'plain' | 'lock-timeout' | 'lockkeeper'

/** One act of a way. Times are milliseconds since the migration began. */
export interface WayStep {
  /** The migration's folder name. */
  readonly migration: string
  readonly id: string
  /** For people, in plain words. */
  readonly title: string
  readonly startMs: number
  readonly endMs: number
  /** How often it was tried; a try that had to wait in the lock queue, or failed. */
  readonly attempts: number
  /** How long it held a lock that others could wait for, where the way knows. */
  readonly lockHeldMs?: number
  /** How long it stood aside because someone held what it needs, and who that was. */
  readonly waitedMs?: number
  readonly waitedFor?: string
  /** Rows changed by a backfill. */
  readonly rows?: number
  readonly sql?: readonly string[]
}

/** What the application saw of one way, beside an idle stretch of the same traffic and the same report with no migration. */
export interface WayResult extends Figures {
  readonly way: WayId
  /** The whole folder. */
  readonly doneMs: number
  /** From the end of the report to the commit of the first step that it held back. */
  readonly doneAfterBlockerMs: number
  /** How long the report ran; it began with the migration. */
  readonly blockerMs: number
  /** Failed queries by SQLSTATE. */
  readonly failures: { readonly [sqlstate: string]: number }
  readonly idle: Figures
  readonly steps: readonly WayStep[]
  /** Latency over time, one entry a second, from the start of the migration. */
  readonly timeline: readonly Slice[]
  /** `lockkeeper` alone: the same plan on the same data with no traffic and no report. */
  readonly doneWithoutTrafficMs?: number
}

/** What `lockkeeper demo --json` prints. */
export interface DemoDocument {
  readonly format: 1
  readonly command: 'demo'
  readonly server: Server
  readonly machine: { readonly cores: number; readonly memoryBytes: number; readonly node: string }
  readonly rows: number
  readonly reportSeconds: number
  readonly ways: readonly WayResult[]
  readonly totalMs: number
}
