/**
 * What backfills keep in the schema `lockkeeper`: one row for each, one for each piece of its table that is walked by itself (a
 * partition), and one for each chunk that a worker has, or that is to be come back to. Chunks that are done leave nothing.
 */
export const backfillTables: readonly string[] = [
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
  // Format 2: from here on many workers share one.
  `alter table lockkeeper.backfill
  add column if not exists id bigint generated always as identity unique,
  add column if not exists definition jsonb,
  add column if not exists wanted text not null default 'run',
  add column if not exists failure text,
  add column if not exists sweep int not null default 0,
  add column if not exists still bigint not null default 0,
  add column if not exists hot_rows bigint not null default 0,
  add column if not exists wal_bytes bigint not null default 0,
  add column if not exists started_at timestamptz not null default clock_timestamp()`,
  `create table if not exists lockkeeper.backfill_part (
  backfill bigint not null references lockkeeper.backfill (id) on delete cascade,
  relation oid not null,
  cut jsonb,
  bound jsonb,
  done boolean not null default false,
  primary key (backfill, relation)
)`,
  `create table if not exists lockkeeper.backfill_chunk (
  id bigint generated always as identity primary key,
  backfill bigint not null references lockkeeper.backfill (id) on delete cascade,
  relation oid,
  after jsonb,
  up_to jsonb,
  alone boolean not null default false,
  fence int not null default 1,
  owner text,
  leased_until timestamptz not null default '-infinity',
  not_before timestamptz not null default '-infinity',
  held text,
  rows bigint not null default 0,
  hot_rows bigint not null default 0,
  wal_bytes bigint not null default 0,
  batch_rows int not null default 0,
  batch_ms float8 not null default 0
)`,
  // The end of a sweep is one chunk without a relation: one worker looks, and where it dies, another one does.
  `create unique index if not exists backfill_chunk_end on lockkeeper.backfill_chunk (backfill) where relation is null`,
]
