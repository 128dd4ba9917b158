import type { Facts } from './facts.ts'
import type { Hazard } from './hazard.ts'
import type { SourceId } from './migration.ts'
import type { Server } from './server.ts'
import type { Estimate } from './statistics.ts'

/** What `check` says of one statement of the user's file. */
export interface CheckedStatement {
  readonly sql: string
  readonly line: number
  readonly column: number
  /** Where it begins in the file; absent for a statement that code issued. */
  readonly offsetBytes?: number | undefined
  readonly facts: Facts
  /** Of the work under its locks. Absent without sizes, and where no work grows with a table. */
  readonly estimate?: Estimate | undefined
  readonly hazards: readonly Hazard[]
  /** Hazards that a comment in the file or the baseline takes back, with the reason. */
  readonly suppressed: readonly SuppressedHazard[]
  /** Of migration and statement, the same when lines move or blanks change; present where there is a hazard, suppressed or not. */
  readonly fingerprint?: string | undefined
  /** Statements that do the same without what was found; present where they were asked for and text alone can do it. */
  readonly replacement?: readonly string[]
}

export interface SuppressedHazard {
  readonly rule: string
  readonly severity: Hazard['severity']
  readonly message: string
  readonly reason: string
  readonly by: 'comment' | 'baseline'
}

export interface CheckedMigration {
  readonly id: string
  readonly source: SourceId
  readonly file: string
  readonly statements: readonly CheckedStatement[]
}

/** A finding about the project's configuration, which belongs to no statement. */
export interface ProjectFinding {
  readonly rule: string
  readonly severity: Hazard['severity']
  readonly message: string
  readonly fix: string
  /** Relative to the project. */
  readonly file: string
  /** 1-based. */
  readonly line: number
}

export interface CheckSummary {
  readonly migrations: number
  readonly statements: number
  readonly errors: number
  readonly warnings: number
  readonly infos: number
  readonly suppressed: number
}

export interface CheckReport {
  /** The server that the verdicts are for; where none was named, the one for which they are worst. */
  readonly server: Server
  /** The majors that were compared to find the worst; one where the server is known. */
  readonly versions: readonly number[]
  readonly summary: CheckSummary
  readonly migrations: readonly CheckedMigration[]
  readonly project: readonly ProjectFinding[]
  /** What limits the verdicts, in words: no sandbox, tables never seen, statements that could not be run. */
  readonly notes: readonly string[]
}
