/** What Citus, the extension that spreads tables over servers, makes of a database. */
export interface Citus {
  /** Of the extension. */
  readonly version: string
  /** False on a worker, whose tables hold a part of the rows. */
  readonly coordinator: boolean
  /** Tables whose rows live in shards; by canonical name. */
  readonly tables: readonly CitusTable[]
}

export interface CitusTable {
  readonly relation: string
  /** `distributed`: by a column, or one shard without one. `reference`: a copy on every node. `local`: on the coordinator, known to Citus. */
  readonly kind: 'distributed' | 'reference' | 'local'
}
