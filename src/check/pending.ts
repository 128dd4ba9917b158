import type { Facts } from '../model/facts.ts'
import type { Migration } from '../model/migration.ts'
import type { Statement } from '../model/statement.ts'

/** What the sandbox saw of one statement; absent where it was not run there. */
export type Observation = { readonly kind: 'facts'; readonly facts: Facts } | { readonly kind: 'failed'; readonly message: string }

export interface PendingMigration<Node> {
  readonly migration: Migration
  readonly statements: readonly Statement<Node>[]
  /** By position. */
  readonly observed: readonly (Observation | undefined)[]
}
