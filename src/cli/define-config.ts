import type { SourceId } from '../model/migration.ts'

export type RuleSeverity = 'off' | 'info' | 'warning' | 'error'

/** lockkeeper.config.ts, .js or .json. Times are text as in the flags: "100ms", "30min". */
export interface Config {
  readonly databaseUrl?: string
  /** Replicas to ask who is in the way of a lock, which is replayed there. */
  readonly replicaUrls?: readonly string[]
  /** Asked at each connect, for credentials that rotate. It wins over the URL's password. */
  readonly password?: () => string | Promise<string>
  readonly source?: 'auto' | SourceId
  /** Path of the migrations, relative to the config file. */
  readonly migrations?: string
  readonly schema?: string
  readonly role?: string
  /** Keeps the journals of several projects in one schema apart. */
  readonly project?: string
  readonly server?: string
  readonly shadowUrl?: string
  readonly failOn?: 'error' | 'warning' | 'never'
  /** check looks at style too, as with --style. */
  readonly style?: boolean
  /**
   * How bad `check` takes a rule to be, for all migrations or for those whose file a pattern means. It governs what is reported and nothing that
   * runs: `plan` and `apply` stop at a hazard whatever stands here, until `--allow` (or `allow`) names its rule.
   */
  readonly rules?: { readonly [rule: string]: RuleSeverity | { readonly severity: RuleSeverity; readonly paths?: readonly string[] } }
  /** Patterns of files, relative to the config file: such migrations are run in the sandbox for those behind them, and not judged. */
  readonly ignore?: readonly string[]
  /** The last migration that `check` does not judge, for a history that is older than the tool. */
  readonly startAfter?: string
  readonly allow?: readonly string[]
  readonly window?: string
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly maxLockWait?: string
  readonly maxAttempts?: number
  readonly runLockTimeout?: string
  /** Reasons to hold batched changes back, by id: { 'replica-lag': '10s' } (docs/throttles.md). */
  readonly throttles?: { readonly [id: string]: string }
  /** When `complete` may take an old shape away (docs/gates.md). */
  readonly expand?: {
    /** How long nobody must have used it: "15min". */
    readonly quiet?: string
    /** application_name of the old application, which must not be connected; `*` stands for any text. */
    readonly oldApplications?: readonly string[]
    /** Its database roles. */
    readonly oldRoles?: readonly string[]
  }
  readonly fleet?: {
    /** The database that keeps the queue and the state of `lockkeeper fleet`. */
    readonly controlUrl?: string
  }
}

/** Gives back what it is given: only for the types in an editor. */
export function defineConfig(config: Config): Config {
  return config
}
