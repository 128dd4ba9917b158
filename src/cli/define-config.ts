/** lockkeeper.config.ts, .js or .json. Times are text as in the flags: "100ms", "30min". */
export interface Config {
  readonly databaseUrl?: string
  /** Replicas to ask who is in the way of a lock, which is replayed there. */
  readonly replicaUrls?: readonly string[]
  /** Asked at each connect, for credentials that rotate. It wins over the URL's password. */
  readonly password?: () => string | Promise<string>
  readonly source?: 'auto' | 'sql' | 'prisma' | 'drizzle' | 'typeorm' | 'pgroll' | 'node-pg-migrate' | 'sequelize' | 'mikro-orm'
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
  readonly allow?: readonly string[]
  readonly window?: string
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly maxLockWait?: string
  readonly maxAttempts?: number
  readonly runLockTimeout?: string
}

/** Gives back what it is given: only for the types in an editor. */
export function defineConfig(config: Config): Config {
  return config
}
