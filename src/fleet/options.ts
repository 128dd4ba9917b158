import type { ErrorCode } from '../model/errors.ts'
import { errorSpecs } from '../model/errors.ts'
import type { FleetJob, FleetListener, FleetRules, FleetTarget } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'

/** What a target's run came to. */
export interface TargetDone {
  /** 0: nothing was left to do there. */
  readonly steps: number
  /** Of a backfill, by whoever took part. */
  readonly rows?: number
}

/** All that a machine is told about a fleet. Times in milliseconds. */
export interface FleetOptions {
  /** Opens a session of the control database. */
  readonly connect: () => Promise<Session>
  /** Letters, digits, `.`, `_` and `-`; machines with the same name share the work. */
  readonly name: string
  readonly job: FleetJob
  /** Of what is run: a machine that would run something else is refused. */
  readonly checksum: string
  /** Those that this machine can reach; others may have others. */
  readonly targets: readonly FleetTarget[]
  /** What is absent is as the machine before said it, or the default. */
  readonly rules: Partial<FleetRules>
  /** Names of targets that are left out. */
  readonly skip: readonly string[]
  /** host:pid and something that no other process has. */
  readonly machine: string
  /** Targets at a time on this machine. */
  readonly concurrency: number
  /** Does the job in one target. It is resumable and may be called again for the same target. Throws LockkeeperErrors. */
  readonly runTarget: (target: FleetTarget, signal: AbortSignal) => Promise<TargetDone>
  readonly timing: FleetTiming
  readonly signal: AbortSignal
  readonly listener: FleetListener
}

export interface FleetTiming {
  /** How often a machine that has nothing to do looks again. */
  readonly pollMs: number
  readonly beatMs: number
  /** A machine that has not been heard of for so long is lost, and others take its targets over. */
  readonly lostAfterMs: number
  /** How long a machine waits for others to come whose lists have the targets that its own lacks. */
  readonly strangersMs: number
  readonly reconnectMs: number
  readonly retryLimit: number
  readonly retryDelaySeconds: number
}

export const defaultTiming: FleetTiming = {
  pollMs: 500,
  beatMs: 2_000,
  // Parsing a large folder blocks a process for seconds: a machine that is only busy must not count as lost.
  lostAfterMs: 15_000,
  strangersMs: 60_000,
  reconnectMs: 120_000,
  retryLimit: 3,
  retryDelaySeconds: 5,
}

/** One canary, then a tenth at a time, and not one failure. */
export const defaultRules: FleetRules = {
  canary: 1,
  wave: { unit: 'percent', amount: 10 },
  budget: { unit: 'targets', amount: 0 },
}

const transient: ReadonlySet<string> = new Set<ErrorCode>([
  'unreachable',
  'too-many-connections',
  'run-locked',
  'orphan-running',
  'lock-not-had',
  'snapshots-in-the-way',
  'connection-lost',
  'interrupted',
])

/** Whether it may go away by itself in the time of a few retries. A window that opens at night does not. */
export function isTransient(code: ErrorCode): boolean {
  return transient.has(code) && errorSpecs[code].retry === 'safe'
}
