import type { Told } from './statement.ts'
import type { GivenValue } from './up-down.ts'

export type SourceId =
  | 'sql'
  | 'prisma'
  | 'drizzle'
  | 'typeorm'
  | 'knex'
  | 'kysely'
  | 'sequelize'
  | 'mikro-orm'
  | 'node-pg-migrate'
  | 'pgroll'

/** One unit of the user's history. Its files are never changed. */
export interface Migration {
  /** The file's (or folder's) name without extension: what `--to`, `abort` and the journal call it. */
  readonly id: string
  readonly source: SourceId
  /** Path for messages, relative to the working directory. */
  readonly file: string
  /** sha256 in hex of the file's bytes. */
  readonly checksum: string
  readonly body:
    | { readonly kind: 'sql'; readonly bytes: Uint8Array }
    /** Code that was run to learn its SQL (H5); `assumptions` are reads of the catalog it did, with what they answered. */
    | {
        readonly kind: 'recorded'
        readonly bytes: Uint8Array
        readonly statements: readonly RecordedStatement[]
        readonly assumptions: readonly Assumption[]
        /** Present where what it issues depends on rows: the statements are then those on tables without any, and `apply` runs the code itself. */
        readonly readsRows?: RowsRead
      }
  /** What the ORM would have wrapped in one transaction: nothing, this file, or all pending files together. */
  readonly transaction: 'none' | 'file' | 'batch'
  /** What the ORM's history needs beside the checksum: Drizzle's `when`, TypeORM's timestamp and class name. */
  readonly history: { readonly [key: string]: string | number }
  /**
   * Its version of the schema is shown by views in a schema of their own, `<schema>_<version>`, while two versions are in use: what stands behind
   * the schema's name. Absent where applications use the tables themselves.
   */
  readonly version?: string
  /** What the file beside it says that columns hold; absent where there is none. */
  readonly upDown?: readonly GivenValue[]
}

/** Where code first looked at rows of the user's. */
export interface RowsRead {
  readonly call: string
  readonly line?: number
}

export interface RecordedStatement extends Told {
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** 1-based line in the source file where it was issued, if the stack told. */
  readonly line?: number
}

/** It holds where the query gives as many rows, each with these fields at these values; fields that differ from database to database are left out. */
export interface Assumption {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly rows: readonly unknown[]
}
