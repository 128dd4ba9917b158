import type { CodeAnswer } from '../model/adapter.ts'
import type { RowsRead } from '../model/migration.ts'

/** What the parent sends to the child that runs the migrations. */
export interface RecordRequest {
  /** Absolute; the child's working directory. */
  readonly root: string
  /** Absolute paths of the migration files. */
  readonly files: readonly string[]
  /** Absent: no database; `up` runs against a recorder. */
  readonly sandbox?: Sandbox
  /** One class to run for good, each query through the parent. */
  readonly execute?: Execute
}

export interface Execute {
  readonly name: string
  readonly schema?: string
}

export interface Sandbox {
  readonly url: string
  /** The `schema` option of the user's DataSource. */
  readonly schema?: string
  /** Whether a migration that does not say so itself runs in a transaction. */
  readonly inTransaction: boolean
  /** Name of the last class to run. */
  readonly until: string
}

/** `running` names the file at work, so that a child that dies can be told by it. */
export type RecordAnswer =
  | { readonly kind: 'running'; readonly file: string }
  | { readonly kind: 'done'; readonly classes: readonly RecordedClass[] }
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[]; readonly line?: number }
  | { readonly kind: 'executed'; readonly failure?: Stopped }

/** What the parent says to a query of `execute`. A failure carries what the driver's error would, its class apart. */
export type QueryReply =
  | { readonly kind: 'answers'; readonly answers: readonly CodeAnswer[] }
  | { readonly kind: 'failed'; readonly message: string; readonly fields: { readonly [field: string]: unknown } }

export interface RecordedQuery {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly line?: number
}

/** One migration class and what its `up` did. */
export interface RecordedClass {
  readonly file: string
  /** As TypeORM takes it: the instance's `name`, else the class's. Empty where the file could not be loaded. */
  readonly name: string
  /** The last 13 characters of the name as a number; NaN where they are none. */
  readonly timestamp: number
  readonly transaction?: boolean
  readonly statements: readonly RecordedQuery[]
  readonly assumptions: readonly (RecordedQuery & { readonly rows: readonly unknown[] })[]
  readonly stopped?: Stopped
  readonly readsRows?: RowsRead
}

/** Why the SQL of a class is not known. `call` is what needs a database. */
export type Stopped =
  | { readonly kind: 'needs-sandbox'; readonly call: string; readonly line?: number }
  | { readonly kind: 'reads-data'; readonly call: string; readonly line?: number }
  | { readonly kind: 'failed'; readonly message: string; readonly line?: number }
