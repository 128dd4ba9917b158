import type { Event } from './event.ts'
import type { PlannedMigration } from './plan.ts'
import type { SourceId } from './migration.ts'

export type JournalEvent = Extract<
  Event,
  {
    readonly type:
      | 'migration-started'
      | 'step-started'
      | 'step-done'
      | 'migration-expanded'
      | 'migration-done'
      | 'gate-overridden'
      | 'migration-failed'
      | 'migration-aborting'
      | 'migration-aborted'
  }
>

export interface JournalEntry {
  readonly at: Date
  readonly event: JournalEvent
}

/** What was written when a migration began: all that resume and abort need, without files, from any machine (H2). */
export interface StoredMigration {
  readonly migration: PlannedMigration
  readonly bytes: Uint8Array
  readonly history: { readonly [key: string]: string | number }
  readonly source: SourceId
  /** The ORM's own history table, whose name may come from a configuration that is not there when the migration is taken back. */
  readonly ledger?: { readonly schema: string; readonly table: string }
  /** Rules allowed by name, with who and why (H13). */
  readonly allowed: readonly string[]
  readonly startedAt: Date
  readonly toolVersion: string
}

/** Names a step; `migration` is empty for a backfill that stands by itself. */
export interface StepKey {
  readonly project: string
  readonly migration: string
  readonly step: string
}

/**
 * The tables in the target's `lockkeeper` schema. `...Sql` give text to go into the same message as the act; the others
 * are their own commit.
 */
export interface Journal {
  /** true where the schema exists; never creates it. */
  exists(): Promise<boolean>
  /** Creates or upgrades the schema; a newer format than ours throws `journal-newer`. */
  install(): Promise<void>
  read(project: string): Promise<readonly JournalEntry[]>
  /** All projects that were ever recorded. */
  projects(): Promise<readonly string[]>
  stored(project: string, migration: string): Promise<StoredMigration | undefined>
  startSql(project: string, stored: StoredMigration): readonly string[]
  recordSql(project: string, event: JournalEvent): readonly string[]
  record(project: string, event: JournalEvent): Promise<void>
  /** Drops the schema; the caller has made sure that nothing is in flight. */
  uninstall(): Promise<void>
}
