import type { StepKey } from './journal.ts'
import type { UnusedGate } from './plan.ts'
import type { Limits } from './session.ts'

/** What shows that the old application still runs; each is overridden by its own name, `unused:statements`. */
export type EvidenceKind = 'sessions' | 'locks' | 'writes' | 'statements'

/** A gate of a step, by its place among the step's gates. */
export interface GateKey extends StepKey {
  readonly gate: number
}

/** By what the sessions of the old application are told. */
export interface OldApplication {
  /** Compared with application_name; `*` stands for any characters. */
  readonly applications: readonly string[]
  readonly roles: readonly string[]
}

/** One kind of evidence, after a look. Times are the server's. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** What shows use: in this look, or else in the one that began the quiet time. In words, for people. */
  readonly seen: readonly string[]
  /** Since when nothing was seen. Absent for sessions, which are there or not. */
  readonly quietSince?: Date
  readonly at: Date
  /** Why it cannot be had from this server, and what to do about that. */
  readonly missing?: { readonly why: string; readonly hint: string }
}

export interface Asked {
  readonly old: OldApplication
  /** Pids of our own sessions. */
  readonly ours: readonly number[]
  readonly limits: Limits
}

/** Looks whether an old shape is in use, and keeps what it saw in the target, so that the next look can compare. */
export interface EvidenceStore {
  /** Reads, locks nothing, and writes its samples to our schema, each in a commit of its own. Sessions are asked for only where they are named. */
  look(key: GateKey, gate: UnusedGate, asked: Asked): Promise<readonly Evidence[]>
}
