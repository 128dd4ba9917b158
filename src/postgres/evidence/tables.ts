/**
 * What was seen of the use of an old shape, in the schema `lockkeeper`: one row for each kind of evidence of a gate. `complete` compares with it,
 * and it goes with the end of its migration.
 */
export const evidenceTables: readonly string[] = [
  // Format 3.
  `create table if not exists lockkeeper.evidence (
  version int not null,
  project text not null,
  migration text not null,
  step text not null,
  gate int not null,
  kind text not null,
  sample jsonb not null,
  quiet_since timestamptz not null,
  sampled_at timestamptz not null,
  primary key (project, migration, step, gate, kind)
)`,
]
