import type { TriggerChoice } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Share } from '../model/fleet.ts'
import type { SourceId } from '../model/migration.ts'
import type { Server } from '../model/server.ts'
import type { CheckFormat } from '../report/check.ts'
import type { FailOn } from '../report/findings.ts'
import type { CompatFlags } from './compat-flags.ts'
import type { OptionSpec } from './option-spec.ts'
import type { PgrollFlags } from './pgroll-flags.ts'

export type Format = CheckFormat | 'sql'
export type SourceName = 'auto' | SourceId

/** Minutes after midnight, local time; `to` before `from` crosses midnight. */
export interface Window {
  readonly fromMinute: number
  readonly toMinute: number
}

/** Every flag of every command, after parsing. Times are milliseconds. */
export interface Options extends CompatFlags, PgrollFlags {
  readonly databaseUrl?: string
  readonly replicaUrl?: readonly string[]
  readonly envFile?: string
  readonly config?: string
  readonly source?: SourceName
  readonly schema?: string
  readonly role?: string
  readonly server?: Server
  readonly shadowUrl?: string
  readonly sandbox?: boolean
  readonly since?: string
  readonly stats?: string
  readonly writeStats?: string
  readonly failOn?: FailOn
  readonly style?: boolean
  readonly format?: Format
  readonly json?: boolean
  readonly baseline?: string
  readonly writeBaseline?: boolean
  readonly out?: string
  readonly exitCode?: boolean
  readonly plan?: string
  readonly to?: string
  readonly allow?: readonly string[]
  readonly window?: Window
  readonly lockTimeout?: number
  readonly statementTimeout?: number
  readonly maxLockWait?: number
  readonly maxAttempts?: number
  readonly runLockTimeout?: number
  readonly terminateOrphan?: boolean
  readonly events?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly applied?: string
  readonly rolledBack?: string
  readonly force?: boolean
  readonly sql?: string
  readonly file?: string
  readonly verify?: string
  readonly workers?: number
  readonly walk?: 'key' | 'descending'
  readonly batchTime?: number
  readonly triggers?: TriggerChoice
  readonly throttle?: readonly string[]
  readonly maxLag?: string
  readonly restart?: boolean
  readonly complete?: boolean
  readonly minAge?: number
  readonly wait?: number | true
  readonly override?: readonly string[]
  readonly reason?: string
  readonly quiet?: number
  readonly oldApplication?: readonly string[]
  readonly oldRole?: readonly string[]
  readonly controlUrl?: string
  readonly target?: readonly string[]
  readonly targetsFile?: string
  readonly targetsQuery?: string
  readonly concurrency?: number
  readonly canary?: number
  readonly wave?: Share
  readonly errorBudget?: Share
  readonly name?: string
  readonly skip?: readonly string[]
  readonly backfill?: string
}

const durationUnits: { readonly [unit: string]: number } = {
  '': 1,
  'ms': 1,
  's': 1000,
  'min': 60_000,
  'm': 60_000,
  'h': 3_600_000,
  'd': 86_400_000,
}

/** `100ms`, `2s`, `30min`, `1h`; a bare number is milliseconds, as in PostgreSQL's own settings. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|)$/.exec(text.trim())
  const unit = durationUnits[match?.[2] ?? '?']
  if (match === null || unit === undefined) throw usage(`"${text}" is not a time`, 'Write 100ms, 2s or 30min.')
  return Math.round(Number(match[1]) * unit)
}

/** `02:00-04:00`. */
export function parseWindow(text: string): Window {
  const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text.trim())
  const [h1, m1, h2, m2] = (match?.slice(1) ?? []).map(Number)
  const fits = h1 !== undefined && m1 !== undefined && h2 !== undefined && m2 !== undefined && h1 < 24 && h2 <= 24 && m1 < 60 && m2 < 60
  if (!fits) throw usage(`"${text}" is not a window`, 'Write 02:00-04:00.')
  if (h1 * 60 + m1 === h2 * 60 + m2) throw usage(`The window "${text}" is empty`, 'Write 02:00-04:00.')
  return { fromMinute: h1 * 60 + m1, toMinute: h2 * 60 + m2 }
}

/** `postgres@13`. */
export function parseServer(text: string): Server {
  const match = /^(postgres|postgresql|mysql|mariadb)@(\d+)(?:\.\d+)*$/.exec(text.trim())
  if (match === null) throw usage(`"${text}" is not a server`, 'Write postgres@13.')
  if (match[1] === 'mysql' || match[1] === 'mariadb')
    throw new LockkeeperError('engine-unsupported', `${match[1]} is not supported by this version.`)
  const version = Number(match[2])
  if (version < 13 || version > 18) throw new LockkeeperError('server-unsupported', `PostgreSQL ${version} is not supported.`)
  return { flavor: 'postgresql', version }
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw usage(`"${text}" is not a count`, 'Write a whole number from 1.')
  return count
}

/** 0 too: no canary. */
function parseCanary(text: string): number {
  return text.trim() === '0' ? 0 : parseCount(text)
}

/** `5` targets, or `10%` of them. */
export function parseShare(text: string): Share {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim())
  const amount = Number(match?.[1])
  const unit = match?.[2] === '%' ? 'percent' : 'targets'
  if (match === null || (unit === 'targets' && !Number.isInteger(amount)) || (unit === 'percent' && amount > 100))
    throw usage(`"${text}" is not a number of targets`, 'Write 5, or 10%.')
  return { unit, amount }
}

function parseWave(text: string): Share {
  const share = parseShare(text)
  if (share.amount === 0) throw usage('A wave of none never ends', 'Write 5, or 10%.')
  return share
}

function usage(message: string, hint: string): LockkeeperError {
  return new LockkeeperError('usage', `${message}.`, { hint })
}

const sources = [
  'auto',
  'sql',
  'prisma',
  'drizzle',
  'typeorm',
  'knex',
  'kysely',
  'sequelize',
  'mikro-orm',
  'node-pg-migrate',
  'pgroll',
] as const satisfies readonly SourceName[]

/** The flags, each written once; a command lists those it takes. */
export const flags = {
  databaseUrl: { flags: '--database-url <url>', description: 'the database (else: config file, DIRECT_URL, DATABASE_URL)' },
  replicaUrl: { flags: '--replica-url <url>', description: 'a replica to ask too who is in the way of a lock', repeatable: true },
  envFile: { flags: '--env-file <file>', description: 'read DIRECT_URL and DATABASE_URL from this file; the environment wins' },
  config: { flags: '--config <file>', description: 'the configuration file (else: lockkeeper.config.ts, .js, .json, found upward)' },
  source: { flags: '--source <kind>', description: 'what wrote the migrations', choices: sources },
  schema: { flags: '--schema <name>', description: 'where unqualified names are looked up (default: the first of the search_path)' },
  role: { flags: '--role <name>', description: 'SET ROLE after connecting, so that objects belong to it' },
  server: {
    flags: '--server <version>',
    description: 'judge for this server: postgres@13 (else: the database, or the worst of 13 to 18)',
    parse: parseServer,
  },
  shadowUrl: { flags: '--shadow-url <url>', description: 'an empty database to use as the sandbox instead of the embedded PostgreSQL' },
  noSandbox: {
    flags: '--no-sandbox',
    description: 'run nothing, predict everything: for an editor or a commit hook, in a fraction of the time',
  },
  since: { flags: '--since <git-ref>', description: 'judge only migrations that are new or changed since this commit or branch' },
  stats: { flags: '--stats <file>', description: 'sizes and times from this file, made by check --write-stats on another database' },
  writeStats: {
    flags: '--write-stats <file>',
    description: 'write the sizes and the speed of the database to this file, for check --stats',
  },
  failOn: {
    flags: '--fail-on <severity>',
    description: 'exit with 2 at or above this severity (default: error)',
    choices: ['error', 'warning', 'never'],
  },
  style: { flags: '--style', description: 'look at style too: types, names, order (never an error)' },
  format: { flags: '--format <format>', description: 'how to print the result', choices: ['text', 'json'] },
  checkFormat: {
    flags: '--format <format>',
    description: 'how to print the result; markdown is one comment for a pull request',
    choices: ['text', 'json', 'ndjson', 'github', 'gitlab', 'sarif', 'junit', 'markdown'] satisfies readonly CheckFormat[],
  },
  planFormat: {
    flags: '--format <format>',
    description: 'how to print the plan; sql is a script for psql',
    choices: ['text', 'json', 'sql'],
  },
  baseline: {
    flags: '--baseline <file>',
    description: 'findings accepted before (default: lockkeeper.baseline.json beside the configuration)',
  },
  writeBaseline: { flags: '--write-baseline', description: 'accept all present findings: write them to the baseline' },
  json: { flags: '--json', description: 'same as --format json; errors are JSON too' },
  out: { flags: '--out <file>', description: 'also write the plan as JSON, for apply --plan' },
  exitCode: { flags: '--exit-code', description: 'exit with 2 if anything is pending' },
  plan: { flags: '--plan <file>', description: 'apply this plan, made by plan --out' },
  to: { flags: '--to <name>', description: 'stop after this migration' },
  allow: { flags: '--allow <rule>', description: 'run what this rule would stop; RULE or RULE:migration', repeatable: true },
  window: { flags: '--window <from-to>', description: 'take strong locks only between these times: 02:00-04:00', parse: parseWindow },
  lockTimeout: {
    flags: '--lock-timeout <time>',
    description: 'the longest that anyone may wait behind us (default: 100ms)',
    parse: parseDuration,
  },
  statementTimeout: {
    flags: '--statement-timeout <time>',
    description: 'limit for statements that hold a strong lock (default: 30s)',
    parse: parseDuration,
  },
  maxLockWait: {
    flags: '--max-lock-wait <time>',
    description: 'give up a lock after this time, with status 4 (default: 30min)',
    parse: parseDuration,
  },
  maxAttempts: { flags: '--max-attempts <count>', description: 'give up a lock after this many real attempts', parse: parseCount },
  runLockTimeout: {
    flags: '--run-lock-timeout <time>',
    description: 'wait this long for another lockkeeper to end (default: 0)',
    parse: parseDuration,
  },
  terminateOrphan: { flags: '--terminate-orphan', description: 'end the backend that a killed run left working' },
  events: { flags: '--events <file>', description: 'write one JSON event a line as they happen' },
  dryRun: { flags: '--dry-run', description: 'print the plan and change nothing' },
  yes: { flags: '--yes', description: 'do not ask' },
  applied: { flags: '--applied <name>', description: 'record the migration as applied; nothing is run' },
  rolledBack: { flags: '--rolled-back <name>', description: 'record the migration as not applied; nothing is run' },
  sql: { flags: '--sql <statement>', description: 'what to do: one UPDATE, DELETE or INSERT ... SELECT' },
  file: { flags: '--file <file>', description: 'the file that says what to do: .sql, or .ts and .js (FILE#NAME for one of its exports)' },
  verify: { flags: '--verify <query>', description: 'must give no row before it counts as done' },
  workers: { flags: '--workers <count>', description: 'how many batches this process makes at once (default: 2)', parse: parseCount },
  walk: {
    flags: '--walk <order>',
    description: 'by key even where heap pages would be faster; descending: the newest first',
    choices: ['key', 'descending'],
  },
  batchTime: { flags: '--batch-time <time>', description: 'how long a batch may hold its row locks (default: 15ms)', parse: parseDuration },
  triggers: {
    flags: '--triggers <what>',
    description: 'your own triggers on the rows: fire them, skip them, or stop before the first row (default: fire)',
    choices: ['fire', 'skip', 'stop'],
  },
  throttle: { flags: '--throttle <id=value>', description: 'hold while this says so: docs/throttles.md', repeatable: true },
  maxLag: { flags: '--max-lag <time>', description: 'hold while a replica is further behind; same as --throttle replica-lag=TIME' },
  restart: { flags: '--restart', description: 'begin anew, whatever one of that name has done' },
  complete: { flags: '--complete', description: 'take the contract too, where its gates are open: no application needs the old shape' },
  controlUrl: {
    flags: '--control-url <url>',
    description: 'the database that keeps the queue (else: config file, LOCKKEEPER_CONTROL_URL)',
  },
  target: { flags: '--target <url>', description: 'a target; NAME=URL gives it a name', repeatable: true },
  targetsFile: { flags: '--targets-file <file>', description: 'targets: a URL or NAME=URL a line, or a JSON array of {name, url, schema}' },
  targetsQuery: {
    flags: '--targets-query <sql>',
    description: 'targets: rows of the control database with the columns url, or database, or schema',
  },
  concurrency: { flags: '--concurrency <count>', description: 'targets at a time on this machine (default: 4)', parse: parseCount },
  canary: { flags: '--canary <count>', description: 'targets that go first and alone; 0: none (default: 1)', parse: parseCanary },
  wave: { flags: '--wave <size>', description: 'targets in each wave after them: 5, or 10% of all (default: 10%)', parse: parseWave },
  errorBudget: {
    flags: '--error-budget <failures>',
    description: 'failures that are put up with: 5, or 1% of all (default: 0)',
    parse: parseShare,
  },
  name: { flags: '--name <name>', description: 'of the fleet; machines with the same one share the work (default: from what is run)' },
  backfill: { flags: '--backfill <name>', description: 'the fleet of this backfill' },
  skip: { flags: '--skip <target>', description: 'leave this target out', repeatable: true },
} as const satisfies { readonly [name: string]: OptionSpec }

/** Where to connect and where the migrations are. */
export const targetFlags: readonly OptionSpec[] = [flags.databaseUrl, flags.envFile, flags.config, flags.source, flags.schema, flags.role]
