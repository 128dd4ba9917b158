import type { Server } from './server.ts'

/**
 * A state of the schema: before what is pending (`old`), once `apply` has done its part (`expanded`: both shapes stand), and once
 * everything is done (`new`).
 */
export type SchemaState = 'old' | 'expanded' | 'new'
export type Application = 'old' | 'new'

/** A statement of an application, and how often it came. */
export interface SampledQuery {
  readonly sql: string
  readonly calls: number
  readonly rows?: number
  /** `queryid` of pg_stat_statements. */
  readonly id?: string
}

/** Where the statements come from, and what the sample does not cover. */
export interface Sample {
  readonly from: 'pg_stat_statements' | 'file' | 'log'
  readonly queries: readonly SampledQuery[]
  /** What could not be read as a statement. */
  readonly unreadable: readonly { readonly sql: string; readonly why: string }[]
  /** Statements that no schema of the user's can break: SET, BEGIN, those about the system's own tables. */
  readonly leftOut: number
  /** ISO 8601: since when the server counts. */
  readonly since?: string
  /** How many times the server threw the least used statements away since then. */
  readonly evictions?: number
  readonly notes: readonly string[]
}

/** A column of a result, as the client is told of it. */
export interface ResultColumn {
  readonly name: string
  readonly type: string
}

/** What a server makes of a statement that it need not run. */
export type Preparation =
  | {
      readonly kind: 'prepared'
      readonly parameters: readonly string[]
      /** Absent where it gives no rows. */
      readonly columns?: readonly ResultColumn[]
    }
  | { readonly kind: 'refused'; readonly sqlstate: string; readonly message: string }

/** The change after which a statement behaves differently. */
export interface Cause {
  readonly migration: string
  /** File and line of a statement, or the title of a step. */
  readonly where: string
  readonly sql: string
}

export interface ResultChange {
  readonly column: string
  /** The type before; absent where the column is new. */
  readonly before?: string
  /** The type after; absent where the column is gone. */
  readonly after?: string
  /** What it means for JavaScript, where it means something: "pg gives a string instead of a number". */
  readonly meaning?: string
}

export type Verdict =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'breaks'; readonly sqlstate: string; readonly message: string; readonly cause?: Cause }
  | {
      readonly outcome: 'result-changes'
      readonly changes: readonly ResultChange[]
      /** What a statement that was prepared before is told from then on, until it is prepared anew. */
      readonly prepared?: string
      readonly cause?: Cause
    }
  /** It cannot be prepared on the schema that it was written for either: nothing follows. */
  | { readonly outcome: 'unreadable'; readonly why: string }

export interface JudgedQuery extends SampledQuery {
  /** Of all calls of the sample, 0 to 1. */
  readonly share: number
  /** The worst of `on`, save that the new application needs no old schema. */
  readonly outcome: Verdict['outcome']
  readonly on: { readonly [state in SchemaState]?: Verdict }
}

/** How many statements of an application work in a state of the schema. */
export interface Tally {
  readonly queries: number
  readonly ok: number
  readonly breaks: number
  readonly resultChanges: number
  readonly unreadable: number
  /** Of all calls, those whose statements break. */
  readonly breakingShare: number
}

export interface ApplicationSummary {
  readonly from: Sample['from']
  readonly queries: number
  readonly calls: number
  /** Of all calls, those whose statements could be judged; 0 to 1. */
  readonly judgedShare: number
  readonly leftOut: number
  readonly since?: string
  readonly evictions?: number
  readonly states: { readonly [state in SchemaState]?: Tally }
}

export interface CompatibilityReport {
  readonly server: Server
  /** Of the migrations that make the difference, in order. */
  readonly migrations: readonly string[]
  /** Those that were looked at. */
  readonly states: readonly SchemaState[]
  readonly summary: { readonly [application in Application]?: ApplicationSummary }
  readonly old: readonly JudgedQuery[]
  readonly new: readonly JudgedQuery[]
  /** What limits the verdicts, in words. */
  readonly notes: readonly string[]
}
