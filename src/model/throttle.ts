import type { Session } from './session.ts'

/** What a throttle saw. `load` 1 and above holds; below it nothing is slowed. `reason` says what was seen: "replica db2 is 12 s behind (limit 10 s)". */
export interface Reading {
  readonly load: number
  readonly reason: string
}

/** What a throttle may look at. It changes nothing and takes no lock. */
export interface ThrottleContext {
  /** A session of its own on the server that is changed; work never waits behind it. */
  readonly session: Session
  readonly replicas: readonly Session[]
  /** Canonical name of the table that is changed. */
  readonly relation: string
  /** Sessions of ours, which are no load. */
  readonly ours: () => readonly number[]
  readonly signal: AbortSignal
}

/** One reason to hold a backfill back for a while. */
export interface Throttle {
  readonly id: string
  /** How long a reading stands before it is taken again. */
  readonly everyMs: number
  /** One that throws, or does not answer in time, counts as load 1: what cannot be seen may be bad (it fails closed). */
  read(): Promise<Reading>
}

/** A kind of throttle: one file in `throttles/`. */
export interface ThrottleKind {
  /** As in --throttle ID=VALUE. */
  readonly id: string
  /** One line for --help and the docs. */
  readonly summary: string
  /** What VALUE may be: `10s`. */
  readonly example: string
  /** Throws `usage` where the value is none, and where this server cannot be asked at all. Reads no clock and no file before `read`. */
  open(value: string, context: ThrottleContext): Throttle
}
