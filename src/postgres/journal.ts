import { LockkeeperError } from '../model/errors.ts'
import type { Journal, JournalEntry, JournalEvent, StoredMigration } from '../model/journal.ts'
import type { Session } from '../model/session.ts'
import { backfillTables } from './backfill/tables.ts'
import { evidenceTables } from './evidence/tables.ts'
import { entryOf, storedOf } from './journal-rows.ts'
import { postgresDialect } from './quote.ts'

/**
 * Written in `lockkeeper.format` and in every row. A format is only ever added to; an older one is read, a newer one refused.
 */
const format = 3

/** The journal in the `lockkeeper` schema of the target. Rows of `journal` are never changed; state is their fold. */
export function journal(session: Session): Journal {
  return {
    exists: () => exists(session),
    install: () => install(session),
    read: (project) => read(session, project),
    projects: async () =>
      (await session.query('select distinct project from lockkeeper.journal order by 1')).map((row) => String(row['project'])),
    stored: (project, migration) => stored(session, project, migration),
    startSql,
    recordSql,
    record: async (project, event) => void (await session.script(recordSql(project, event))),
    uninstall: async () => void (await session.script(['drop schema lockkeeper cascade'])),
  }
}

const literal = postgresDialect.literal
const json = (value: unknown): string =>
  `${literal(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)))}::jsonb`

const tables = [
  'create schema if not exists lockkeeper',
  'create table if not exists lockkeeper.format (version int primary key, installed_at timestamptz not null default now())',
  `create table if not exists lockkeeper.journal (
  seq bigint generated always as identity primary key,
  version int not null,
  at timestamptz not null default clock_timestamp(),
  project text not null,
  migration text not null,
  step text,
  event text not null,
  data jsonb not null,
  body bytea
)`,
  ...backfillTables,
  ...evidenceTables,
  `insert into lockkeeper.format (version) values (${format}) on conflict do nothing`,
]

async function exists(session: Session): Promise<boolean> {
  const [row] = await session.query(`select to_regclass('lockkeeper.journal') is not null as there`)
  return row?.['there'] === true
}

async function install(session: Session): Promise<void> {
  const found = (await exists(session)) ? await formatOf(session) : 0
  if (found > format)
    throw new LockkeeperError('journal-newer', `the journal in this database has format ${found}; this lockkeeper reads up to ${format}`)
  if (found === format) return
  if (found === 0) await refuseWithoutCreate(session)
  await session.script(['begin', `set local lock_timeout = '10s'`, `select pg_advisory_xact_lock(hashtext('lockkeeper install'))`])
  try {
    // Workers of one backfill may begin at the same moment: the tables are by now those that another one works with.
    const foundNow = (await isMade(session)) ? await formatOf(session) : 0
    await session.script([...(foundNow < format ? tables : []), 'commit'])
  } catch (error) {
    await session.script(['rollback']).catch(() => undefined)
    throw error
  }
}

/** Asks the catalog itself: within a transaction to_regclass goes on saying what it said before the wait. */
async function isMade(session: Session): Promise<boolean> {
  const made = await session.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 'lockkeeper' and c.relname = 'format'`,
  )
  return made.length > 0
}

async function formatOf(session: Session): Promise<number> {
  const [row] = await session.query('select max(version) as version from lockkeeper.format')
  return Number(row?.['version'])
}

async function refuseWithoutCreate(session: Session): Promise<void> {
  const [row] = await session.query(
    `select has_database_privilege(current_database(), 'CREATE') or to_regnamespace('lockkeeper') is not null as may, current_user::text as role, current_database()::text as database`,
  )
  if (row?.['may'] === true) return
  throw new LockkeeperError(
    'no-rights',
    `${String(row?.['role'])} may not create the schema lockkeeper in ${String(row?.['database'])}, where the journal is kept`,
    {
      hint: `Have a DBA run, once: create schema lockkeeper authorization ${postgresDialect.name(String(row?.['role']))};`,
    },
  )
}

async function read(session: Session, project: string): Promise<readonly JournalEntry[]> {
  if (!(await exists(session))) return []
  const rows = await session.query(
    `select seq, at, event, migration, step, case jsonb_typeof(data) when 'object' then data - 'stored' end as data from lockkeeper.journal where project = $1 order by seq`,
    [project],
  )
  return rows.map(entryOf)
}

async function stored(session: Session, project: string, migration: string): Promise<StoredMigration | undefined> {
  const [row] = await session.query(
    `select seq, at, body, data -> 'stored' as stored from lockkeeper.journal where project = $1 and migration = $2 and event = 'migration-started' order by seq desc limit 1`,
    [project, migration],
  )
  return row === undefined ? undefined : storedOf(row, migration)
}

/** A migration that starts anew (after an abort) forgets how far its backfills once came. */
function startSql(project: string, { bytes, startedAt: _startedAt, ...rest }: StoredMigration): readonly string[] {
  const migration = rest.migration.id
  return [
    forget('backfill', project, migration),
    forget('evidence', project, migration),
    `insert into lockkeeper.journal (version, project, migration, event, data, body) values (${format}, ${literal(project)}, ${literal(migration)}, 'migration-started', ${json({ stored: rest })}, decode(${literal(Buffer.from(bytes).toString('hex'))}, 'hex'))`,
  ]
}

/** With the end of a migration goes what was seen of the use of its old shape. */
function recordSql(project: string, event: JournalEvent): readonly string[] {
  const isEnd = event.type === 'migration-done' || event.type === 'migration-aborted'
  return [...(isEnd ? [forget('evidence', project, event.migration)] : []), eventSql(project, event)]
}

function forget(table: 'backfill' | 'evidence', project: string, migration: string): string {
  return `delete from lockkeeper.${table} where project = ${literal(project)} and migration = ${literal(migration)}`
}

function eventSql(project: string, { type, migration, ...data }: JournalEvent): string {
  const step = 'step' in data && data.step !== undefined ? literal(data.step) : 'null'
  return `insert into lockkeeper.journal (version, project, migration, step, event, data) values (${format}, ${literal(project)}, ${literal(migration)}, ${step}, ${literal(type)}, ${json(data)})`
}
