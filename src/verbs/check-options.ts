import type { Policy } from '../check/policy.ts'
import type { Server } from '../model/server.ts'
import type { SelectOptions } from './select.ts'
import type { Connection } from './target.ts'

/** What `check` is told. */
export interface CheckVerbOptions extends SelectOptions {
  /** Reads sizes, the server's version and what is already applied there; changes nothing. */
  readonly connection?: Connection
  /** Where it cannot be had, the verdicts are made without it, and a note says so. */
  readonly connectionOptional?: boolean
  /** Keeps the journals of several projects in one schema apart. */
  readonly project?: string
  /** The server that the verdicts are for. */
  readonly server?: Server
  /** Where unqualified names are looked up. */
  readonly schema?: string
  /** false: nothing is run, every verdict is predicted. */
  readonly sandbox?: boolean
  /** An empty database to use as the sandbox. */
  readonly shadowUrl?: string
  /** Sizes and times from this file (its path from `root`) instead of the database's: it speaks for the database that it was made on. */
  readonly statsFile?: string
  /** Writes the database's sizes and speed to this file (its path from `root`). */
  readonly writeStatsFile?: string
  /** The rules of style have their say too; without it, harm alone counts. */
  readonly style?: boolean
  readonly signal: AbortSignal
  /** The day on which suppressions are looked at: `2026-11-24`. */
  readonly today: string
  /** Severities, paths that are not judged, findings accepted before; every rule as it is where absent. */
  readonly policy?: Policy
  /** Also say of each statement with a finding by what text it could be replaced, where text alone can do it. */
  readonly replacements?: boolean
  /** A statement that cannot be run is no matter of a verdict: it is refused. */
  readonly mustRun?: boolean
  /** The last migration that is not judged, for a history that is older than the tool. */
  readonly startAfter?: string
}
