import type { CodeAnswer } from '../model/adapter.ts'
import type { Migration, RowsRead } from '../model/migration.ts'

/** What the parent sends to the child that runs the migrations. */
export interface CodeRequest<Settings = unknown> {
  /** The source's child, by its path below src: `adapters/_typeorm-process.ts`. */
  readonly program: string
  /** Absolute; the child's working directory. */
  readonly root: string
  /** Absolute paths of the migration files. */
  readonly files: readonly string[]
  /** What the source's child wants to know beside that; plain data. */
  readonly settings: Settings
  /** Without a database: how many rows each change is said to have changed. The two recordings say it differently. */
  readonly count?: number
  /** Absent: no database; `up` runs against a recorder. */
  readonly sandbox?: Sandbox
  /** The name of the one to run for good, each query through the parent. */
  readonly execute?: string
}

export interface Sandbox {
  readonly url: string
  /** Name of the last migration to run. */
  readonly until: string
}

/** `running` names the file at work, so that a child that dies can be told by it. */
export type ChildAnswer =
  | { readonly kind: 'running'; readonly file: string }
  | { readonly kind: 'done'; readonly recorded: readonly Recorded[] }
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[]; readonly line?: number }
  | { readonly kind: 'executed'; readonly failure?: Stopped }
  /** Nothing can be run: the ORM is not there, or cannot be opened. */
  | { readonly kind: 'broken'; readonly message: string }

/** What the parent says to a query of `execute`. A failure carries what the driver's error would, its class apart. */
export type QueryReply =
  | { readonly kind: 'answers'; readonly answers: readonly CodeAnswer[] }
  | { readonly kind: 'failed'; readonly message: string; readonly fields: { readonly [field: string]: unknown } }

export interface RecordedQuery {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly line?: number
}

/** One migration and what its `up` did. */
export interface Recorded {
  readonly file: string
  /** What the ORM's history calls it. Empty where the file could not be loaded. */
  readonly name: string
  /** What it says itself of a transaction around it. */
  readonly transaction?: boolean
  readonly history: Migration['history']
  readonly statements: readonly RecordedQuery[]
  readonly assumptions: readonly (RecordedQuery & { readonly rows: readonly unknown[] })[]
  /** The statements, by their index, that told the code a number of rows. */
  readonly counted: readonly number[]
  readonly stopped?: Stopped
  readonly readsRows?: RowsRead
}

/** Why the SQL of a migration is not known. `call` is what needs a database. */
export type Stopped =
  | { readonly kind: 'needs-sandbox'; readonly call: string; readonly line?: number }
  | { readonly kind: 'reads-data'; readonly call: string; readonly line?: number }
  | { readonly kind: 'failed'; readonly message: string; readonly line?: number }
