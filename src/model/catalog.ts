import type { Server } from './server.ts'

/**
 * A snapshot of a schema, read once per command or grown by `simulate`; everything pure works from it.
 * Relations, types and functions are keyed by their canonical name: `schema.name`, each part quoted as the
 * server's own quote_ident would, so that a key is also valid SQL.
 */
export interface Catalog {
  readonly server: Server
  /** Where an unqualified name is looked up, in order; the first is where it is created. */
  readonly searchPath: readonly string[]
  /** The session's TimeZone: it decides whether timestamp <-> timestamptz rewrites (pgfacts.md A.4). */
  readonly timeZone: string
  /** `lock_timeout` and its like in milliseconds, as statements set them for their session; what none has set is the runner's affair. */
  readonly timeouts?: { readonly [name: string]: number }
  /** `whole`: what is not listed does not exist. `partial`: a folder without its CREATE TABLEs; verdicts state their condition. */
  readonly knowledge: 'whole' | 'partial'
  readonly relations: ReadonlyMap<string, Relation>
  /** Publications that take in what is created later; absent where none is known. */
  readonly publications?: readonly Publication[]
  readonly types: ReadonlyMap<string, NamedType>
  /** The users': all overloads under one name; the worst volatility counts where they differ. The engine knows the server's own. */
  readonly functions: ReadonlyMap<string, readonly FunctionInfo[]>
  /** By the OID of the relation, as a server has them; absent where none was read, and never grown. */
  readonly traits?: ReadonlyMap<number, readonly Trait[]>
}

/** A right on a relation. */
export interface Grant {
  /** The role as SQL, or PUBLIC. */
  readonly to: string
  /** SELECT, INSERT ... */
  readonly privilege: string
  /** WITH GRANT OPTION. */
  readonly grantable: boolean
}

/** What no verdict needs and what must not be lost where an object is made again: comments, rights, targets of statistics, what stands on it. */
export interface Trait {
  readonly of: 'column' | 'index' | 'constraint' | 'statistics' | 'sequence'
  readonly name: string
  readonly what: TraitKind
  readonly text: string
}

export type TraitKind =
  | 'comment'
  /** Of a column, or of a statistics object. */
  | 'target'
  /** `n_distinct=5` */
  | 'option'
  /** `SELECT TO app WITH GRANT OPTION`; `foreign-grant`: given by another role than the owner. */
  | 'grant'
  | 'foreign-grant'
  | 'clustered'
  | 'tablespace'
  /** CREATE STATISTICS. */
  | 'definition'
  /** A column of a statistics object. */
  | 'mentions'
  | 'owner'
  /** Canonical name of a view that reads the column. */
  | 'view'
  /** What else makes the server refuse to drop the column, in words. */
  | 'stands-on'
  | 'type'
  | 'start'
  | 'increment'
  | 'min'
  | 'max'
  | 'cache'
  | 'cycle'

export interface Publication {
  readonly name: string
  readonly allTables: boolean
  readonly schemas: readonly string[]
  /** It passes neither updates nor deletes on: tables in it need no replica identity. */
  readonly insertsOnly?: true
}

export type RelationKind = 'table' | 'partitioned' | 'view' | 'materialized-view' | 'foreign-table' | 'sequence'

export interface Relation {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  /** Absent for what `simulate` made. */
  readonly oid?: number
  readonly owner?: string
  /** Rights of others than the owner; absent where there are none, and for what \`simulate\` made. */
  readonly grants?: readonly Grant[]
  /** The planner's estimate (reltuples), never a count; undefined where the table was never analysed or made by `simulate`. */
  readonly rows?: number
  /** With its indexes and its TOAST table. */
  readonly bytes?: number
  /** Heap blocks, for walks by pages. */
  readonly pages?: number
  /** Not written to the WAL: emptied by a crash, and not on standbys. */
  readonly unlogged?: true
  /** When VACUUM or ANALYZE last looked at it, ISO 8601 in UTC: how old `rows` is. Absent where the server does not say. */
  readonly analyzedAt?: string
  /** Created by a statement that is itself part of what is being checked or planned (H16). */
  readonly isNew: boolean
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
  /** Canonical name of the partitioned parent, where this is a partition. */
  readonly partitionOf?: string
  /** `DEFAULT` or `FOR VALUES ...` as the server prints it, where this is a partition and the bound is known. */
  readonly partitionBound?: string
  /** How it is partitioned, where it is and that is known. */
  readonly partitionBy?: PartitionBy
  /** A partitioned table with a tablespace or an access method of its own, which new partitions take over. */
  readonly ownStorage?: true
  /** Columns of the partition key in order, where this is partitioned; an expression stands as undefined. */
  readonly partitionKey?: readonly (string | undefined)[]
  /** Canonical names of direct partitions, or of children by inheritance. */
  readonly children: readonly string[]
  /** Names of user triggers; they fire during a backfill. */
  readonly triggers: readonly string[]
  /** Publications that carry this table (H18). */
  readonly publications: readonly string[]
  /** Canonical names of views and materialised views that read it. */
  readonly dependentViews: readonly string[]
  /** Absent where there are none. */
  readonly policies?: readonly Policy[]
  /** Absent where it is off. Where it is forced, it binds the owner too, as soon as it is enabled. */
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean }
  /** By what a published row is known, where it is not the primary key. */
  readonly replicaIdentity?: 'full' | 'nothing' | 'index'
  /** For a sequence of a serial or identity column: dropped with it. */
  readonly ownedBy?: { readonly relation: string; readonly column: string }
}

export interface PartitionBy {
  readonly strategy: 'range' | 'list' | 'hash'
  /** Key columns in order; undefined for an expression, and for a column that is not compared as usual (operator class, collation). */
  readonly columns: readonly (string | undefined)[]
}

/** A policy of row security. */
export interface Policy {
  readonly name: string
  /** Columns of its table in its expressions, in the table's order. */
  readonly mentions: readonly string[]
}

export interface Column {
  readonly name: string
  /** As the server's format_type prints it: `character varying(10)`, `numeric(10,2)`, `public.mood`. */
  readonly type: string
  readonly nullable: boolean
  /** SQL text of the default (or of the generation expression), as pg_get_expr prints it. */
  readonly default?: string
  readonly generated?: 'stored' | 'virtual'
  readonly identity?: 'always' | 'by-default'
  /** attnum; absent for what `simulate` made. */
  readonly position?: number
  readonly collation?: string
}

export type Constraint =
  | {
      readonly kind: 'check'
      readonly name: string
      readonly valid: boolean
      readonly columns: readonly string[]
      readonly expression: string
      readonly definition: string
      readonly comment?: string
    }
  | {
      readonly kind: 'not-null'
      readonly name: string
      readonly valid: boolean
      readonly columns: readonly string[]
      readonly definition: string
    }
  | {
      readonly kind: 'primary-key' | 'unique' | 'exclude'
      readonly name: string
      readonly valid: true
      readonly columns: readonly string[]
      readonly definition: string
    }
  | {
      readonly kind: 'foreign-key'
      readonly name: string
      readonly valid: boolean
      readonly columns: readonly string[]
      readonly references: string
      readonly referencedColumns: readonly string[]
      readonly definition: string
    }

export interface Index {
  /** Unqualified: an index lives in its table's schema. */
  readonly name: string
  readonly oid?: number
  readonly bytes?: number
  readonly unique: boolean
  readonly valid: boolean
  readonly method: string
  /** Key columns in order; an expression stands as undefined. */
  readonly columns: readonly (string | undefined)[]
  /** All columns it mentions: keys, INCLUDE, expressions and predicate. */
  readonly mentions: readonly string[]
  readonly partial: boolean
  readonly definition: string
  /** Name of the constraint that owns it. */
  readonly constraint?: string
  /** Name of the partitioned parent's index that it is attached to. */
  readonly parent?: string
  /** REPLICA IDENTITY USING INDEX names it. */
  readonly identifiesRows?: true
}

export type NamedType =
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'domain'; readonly base: string; readonly constrained: boolean }
  | { readonly kind: 'other' }

export interface FunctionInfo {
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly language: string
}
