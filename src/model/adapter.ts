import type { Dialect } from './dialect.ts'
import type { Migration, RecordedStatement, SourceId } from './migration.ts'

export interface FileEntry {
  readonly name: string
  readonly kind: 'file' | 'folder'
}

/** Reading files, rooted at the user's project. Paths use `/` and are relative to the root, or absolute. */
export interface Files {
  readonly root: string
  /** Entries of a folder, sorted by name; throws `source-missing` where there is none. */
  list(folder: string): Promise<readonly FileEntry[]>
  read(path: string): Promise<Uint8Array>
  exists(path: string): Promise<'file' | 'folder' | undefined>
}

/** A place where an adapter found its migrations, and what the ORM's own configuration says of its history. */
export interface Location {
  readonly source: SourceId
  /** Folder or file that holds the migrations. */
  readonly path: string
  readonly historySchema?: string
  readonly historyTable?: string
  /** Kysely's second table. */
  readonly historyLockTable?: string
  /** The tool was told to run what sorts before something that was run (Kysely's allowUnorderedMigrations, node-pg-migrate's checkOrder). */
  readonly unordered?: boolean
}

/** Runs SQL that only reads; parameters are $1, $2. */
export type Read = (sql: string, parameters?: readonly unknown[]) => Promise<readonly { readonly [column: string]: unknown }[]>

export interface LoadOptions {
  readonly signal: AbortSignal
  /** A throw-away empty database, another one at each call, for migrations that are code; asked for only where one asks the database. */
  readonly sandboxUrl?: () => Promise<string>
  /** For sources that are no SQL themselves, and whose SQL we write. */
  readonly dialect: Dialect
}

/** What the server gave for one statement. */
export interface CodeAnswer {
  /** `SELECT`, `UPDATE`: the first word of its command tag. */
  readonly command: string
  readonly count: number
  readonly rows: readonly { readonly [column: string]: unknown }[]
}

/** One run of a migration that is code. */
export interface CodeRun {
  readonly migration: Migration
  /** Runs what the code asks for on the target, one answer for each statement; its rejection is passed on to the code, and ends the run. */
  readonly answer: (query: RecordedStatement) => Promise<readonly CodeAnswer[]>
  readonly signal: AbortSignal
}

export interface Adapter {
  readonly id: SourceId
  /** Looks for its own layout in the project; undefined where there is none. Never runs user code. */
  detect(files: Files): Promise<Location | undefined>
  /** The location where a path given by hand is of its layout (with what the ORM's configuration says), else undefined. */
  recognises(files: Files, path: string): Promise<Location | undefined>
  /** All migrations in the order in which the ORM would run them. What cannot be read throws `source-unreadable` with file and line. */
  load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]>
  /** Runs the `up` of a migration that reads rows, through `answer` alone (H5). Throws what `answer` threw, and `code-failed`. */
  execute?(files: Files, location: Location, run: CodeRun): Promise<void>
  /** The ORM's own record of what was applied; undefined for sources that have none (plain SQL: our journal alone). */
  history?(location: Location, defaultSchema: string): History
}

export type HistoryState = 'applied' | 'pending' | 'unfinished' | 'rolled-back' | 'skipped' | 'changed'

/** The ORM's own history table: how to read it, and the SQL that writes exactly what the ORM would have written. */
export interface History {
  /** Canonical for messages: `public._prisma_migrations`. */
  readonly schema: string
  readonly table: string
  /** The tool keeps it in a schema of its own, whatever unqualified names mean to the connection. */
  readonly ownSchema?: true
  /** Reads the table once (a missing table is an empty history). Undefined where the tool keeps none in this database: our journal alone. */
  open(read: Read, migrations: readonly Migration[], dialect: Dialect): Promise<OpenHistory | undefined>
}

export interface OpenHistory {
  /** What the ORM itself would say of this migration. `skipped`: the ORM would silently never run it. `changed`: applied, but the file differs now. */
  stateOf(migration: Migration): HistoryState
  /** Ids recorded in the table that no file answers to. */
  readonly unknown: readonly string[]
  /** Statements that make the table as the ORM would; empty where it exists as needed. */
  readonly create: readonly string[]
  /** It calls a migration done only once its contract is taken; until then it stands as `begin` wrote it, and nothing else may start (pgroll). */
  readonly endsWithContract?: true
  /** In the transaction that starts a migration: makes the ORM's own deploy refuse to start it, where the table can say so. */
  begin(migration: Migration): readonly string[]
  /** In the transaction that ends a migration. Must work whether or not `begin` ran. */
  finish(migration: Migration): readonly string[]
  /** The run gave up before its first step: as if `begin` had never run. Absent where `begin` writes nothing. */
  withdraw?(migration: Migration): readonly string[]
  /** `abort` of a migration: the ORM sees it pending again. */
  rollBack(migration: Migration): readonly string[]
}
