import { LockkeeperError } from '../model/errors.ts'
import type { Batch, Checkpoint, Journal, JournalEntry, JournalEvent, StepKey, StoredMigration } from '../model/journal.ts'
import type { Session } from '../model/session.ts'
import { checkpointOf, entryOf, storedOf } from './journal-rows.ts'
import { postgresDialect } from './quote.ts'

/**
 * Written in `lockkeeper.format` and in every row. A format is only ever added to; an older one is read, a newer one refused.
 */
const format = 1

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
    recordSql: (project, event) => [recordSql(project, event)],
    record: async (project, event) => void (await session.script([recordSql(project, event)])),
    checkpoint: (step) => checkpoint(session, step),
    batchSql,
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
  `create table if not exists lockkeeper.backfill (
  version int not null,
  project text not null,
  migration text not null,
  step text not null,
  cursor jsonb,
  bound jsonb,
  rows bigint not null default 0,
  done boolean not null default false,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (project, migration, step)
)`,
  `insert into lockkeeper.format (version) values (${format}) on conflict do nothing`,
]

async function exists(session: Session): Promise<boolean> {
  const [row] = await session.query(`select to_regclass('lockkeeper.journal') is not null as there`)
  return row?.['there'] === true
}

async function install(session: Session): Promise<void> {
  if (await exists(session)) {
    const [row] = await session.query('select max(version) as version from lockkeeper.format')
    if (Number(row?.['version']) > format)
      throw new LockkeeperError(
        'journal-newer',
        `the journal in this database has format ${Number(row?.['version'])}; this lockkeeper reads up to ${format}`,
      )
    return
  }
  await refuseWithoutCreate(session)
  await session.script(['begin', ...tables, 'commit'])
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
    `delete from lockkeeper.backfill where project = ${literal(project)} and migration = ${literal(migration)}`,
    `insert into lockkeeper.journal (version, project, migration, event, data, body) values (${format}, ${literal(project)}, ${literal(migration)}, 'migration-started', ${json({ stored: rest })}, decode(${literal(Buffer.from(bytes).toString('hex'))}, 'hex'))`,
  ]
}

function recordSql(project: string, { type, migration, ...data }: JournalEvent): string {
  const step = 'step' in data && data.step !== undefined ? literal(data.step) : 'null'
  return `insert into lockkeeper.journal (version, project, migration, step, event, data) values (${format}, ${literal(project)}, ${literal(migration)}, ${step}, ${literal(type)}, ${json(data)})`
}

async function checkpoint(session: Session, { project, migration, step }: StepKey): Promise<Checkpoint | undefined> {
  const [row] = await session.query(
    'select cursor, bound, rows, done from lockkeeper.backfill where project = $1 and migration = $2 and step = $3',
    [project, migration, step],
  )
  return row === undefined ? undefined : checkpointOf(row, step)
}

function batchSql({ project, migration, step, cursor, bound, done, work }: Batch): string {
  return `with work as (${work ?? 'select 1 where false'})
insert into lockkeeper.backfill as b (version, project, migration, step, cursor, bound, rows, done)
select ${format}, ${literal(project)}, ${literal(migration)}, ${literal(step)}, ${json(cursor)}, ${json(bound)}, count(*), ${literal(done)} from work
on conflict (project, migration, step) do update
set cursor = excluded.cursor, bound = excluded.bound, rows = b.rows + excluded.rows, done = excluded.done, updated_at = clock_timestamp()
returning rows::float8 as rows, (select count(*)::float8 from work) as changed,
  (extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::float8 as ms`
}
