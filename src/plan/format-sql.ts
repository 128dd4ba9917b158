import type { BackfillStep, DataCheck, EachStep, Plan, PlannedMigration, SqlStep, Step, Walk, Work } from '../model/plan.ts'
import { workText } from '../model/work-text.ts'

/**
 * The plan as a commented script for whoever runs it by hand, statement by statement, on PostgreSQL 13 to 18: outside a transaction,
 * since each part brings its own. It writes neither the journal nor the ORM's history.
 */
export function formatSql(plan: Plan): string {
  const header = comment(
    `Lockkeeper plan for ${plan.project}: ${plan.migrations.length} migration(s).`,
    'Run it part by part, outside a transaction, and stop at the first error.',
    'A statement that ends in a lock timeout changed nothing: run its part again.',
    "Nothing here writes the ORM's history: record the migrations there afterwards (or with lockkeeper resolve --applied).",
  )
  return `${[header, ...plan.migrations.map(migrationText)].join('\n\n')}\n`
}

function migrationText(migration: PlannedMigration): string {
  const blocked = migration.blocked.map((hazard) => comment(`STOP. ${hazard.rule}: ${hazard.message}`, `Instead: ${hazard.fix}`))
  const title = comment('='.repeat(100), `${migration.id} (${migration.file})`, '='.repeat(100))
  return [title, ...blocked, ...migration.checks.map(checkText), ...migration.steps.map(stepText)].join('\n\n')
}

function checkText(check: DataCheck): string {
  return `${comment(`Check: ${check.title}.`, 'It must return no row.', `If it does: ${check.failure}. ${check.hint}`)}\n${check.sql};`
}

function stepText(step: Step): string {
  const hazards = step.hazards.map((hazard) => comment(`Note (${hazard.rule}): ${hazard.message}`))
  const words = [comment(`Step ${step.id}: ${step.title}.`, ...undoWords(step)), ...hazards]
  return [...words, bodyText(step)].join('\n')
}

function undoWords({ undo }: Step): readonly string[] {
  switch (undo.kind) {
    case 'free':
      return []
    case 'cleanup':
      return [`To take it back: ${undo.sql.join('; ')};`]
    case 'forward-only':
      return [`It cannot be taken back: ${undo.why}.`]
  }
}

function bodyText(step: Step): string {
  switch (step.kind) {
    case 'sql':
      return sqlText(step)
    case 'backfill':
      return backfillText(step)
    case 'each':
      return eachText(step)
    case 'code':
      return codeText()
  }
}

/** Whoever sends the whole script to psql must not go on past it. */
function codeText(): string {
  const stop = `DO $$ BEGIN RAISE EXCEPTION 'this step is code of the ORM: run it with the ORM or with lockkeeper apply, then go on behind it'; END $$;`
  return [comment('Code that reads rows: no SQL can be written for it beforehand.'), stop].join('\n')
}

function sqlText(step: SqlStep): string {
  const session = step.session.map((sql) => `${sql};`)
  return [...session, ...(step.transaction ? inTransaction(step) : alone(step))].join('\n')
}

// A multi-statement BEGIN ... COMMIT, so that SET LOCAL ends with it.
function inTransaction(step: SqlStep): readonly string[] {
  const lock =
    step.lockTimeoutMs > 0
      ? [comment(`Run it again until it gets through: nobody waits longer than ${step.lockTimeoutMs} ms behind it.`)]
      : []
  const locks = step.locks.map(({ relation, mode }) => comment(`Locks ${relation} (${mode}).`))
  const settings = [`SET LOCAL lock_timeout = ${step.lockTimeoutMs};`, `SET LOCAL statement_timeout = ${step.statementTimeoutMs};`]
  return [...locks, ...lock, 'BEGIN;', ...settings, ...step.sql.map((sql) => `${sql};`), 'COMMIT;']
}

function alone(step: SqlStep): readonly string[] {
  const waits = step.waitsForSnapshots
    ? [comment('It waits for every transaction of this database that began before it: look for old ones first.')]
    : []
  const cleanup = step.probe?.cleanup ?? []
  const failed = cleanup.length === 0 ? [] : [comment(`If it fails, first run: ${cleanup.join('; ')};`)]
  return [
    ...waits,
    ...failed,
    'SET lock_timeout = 0;',
    `SET statement_timeout = ${step.statementTimeoutMs};`,
    ...step.sql.map((sql) => `${sql};`),
    'RESET statement_timeout;',
    'RESET lock_timeout;',
  ]
}

/** Rows a batch: about 10 ms of row locks (measured: pgfacts B). */
const batchRows = 1_000

// COMMIT inside DO works outside a transaction only, from 11 on. Rows that no longer match are not found again; where they would be,
// one pass over the key is made.
function backfillText({ work, walk }: BackfillStep): string {
  if (work.kind === 'code') return moduleText(work)
  const change = (range: string) => moment(workText({ ...work, where: range }))
  const where = moment(work.where)
  const body =
    work.falsifies || walk.by === 'pages' ? untilNone(work.relation, where, change) : byKey(work.relation, walk, { where, change })
  return [
    comment('In batches, each committed; not inside a transaction.'),
    ...(workText(work).includes('{now}') ? [comment('statement_timestamp() stands for the start of the run.')] : []),
    body,
  ].join('\n')
}

/** Whoever sends the whole script to psql must not go on past it. */
function moduleText(work: Extract<Work, { readonly kind: 'code' }>): string {
  const rows = comment(`${work.export}() of ${work.module} changes the rows of: ${workText(work)}`)
  return `${rows}\nDO $$ BEGIN RAISE EXCEPTION 'this step is code: run it with lockkeeper apply, then go on behind it'; END $$;`
}

function moment(fragment: string): string {
  return fragment.replaceAll('{now}', 'statement_timestamp()')
}

function untilNone(relation: string, where: string, change: (range: string) => string): string {
  return doBlock(`DECLARE
  changed bigint;
BEGIN
  LOOP
    ${change(`ctid = ANY (ARRAY(SELECT ctid FROM ${relation} WHERE (${where}) LIMIT ${batchRows})) AND (${where})`)};
    GET DIAGNOSTICS changed = ROW_COUNT;
    EXIT WHEN changed = 0;
    COMMIT;
  END LOOP;
END`)
}

type KeyWalk = Extract<Walk, { readonly by: 'key' }>

interface KeyLoop {
  readonly where: string
  readonly change: (range: string) => string
}

function byKey(relation: string, { columns, types }: KeyWalk, { where, change }: KeyLoop): string {
  const names = columns.map((column) => `"${column.replaceAll('"', '""')}"`)
  const vars = columns.map((_, at) => `upto${at}`)
  const row = (values: readonly string[]) => (values.length === 1 ? String(values[0]) : `(${values.join(', ')})`)
  const last = vars.map((name) => name.replace('upto', 'last'))
  const list = names.join(', ')
  return doBlock(`DECLARE
${vars.map((name, at) => `  ${name} ${types[at]};\n  ${last[at]} ${types[at]};`).join('\n')}
BEGIN
  LOOP
    SELECT ${list} INTO ${vars.join(', ')} FROM (
      SELECT ${list} FROM ${relation} WHERE ${last[0]} IS NULL OR ${row(names)} > ${row(last)} ORDER BY ${list} LIMIT ${batchRows}
    ) AS batch ORDER BY ${names.map((name) => `${name} DESC`).join(', ')} LIMIT 1;
    EXIT WHEN ${vars[0]} IS NULL;
    ${change(`(${last[0]} IS NULL OR ${row(names)} > ${row(last)}) AND ${row(names)} <= ${row(vars)} AND (${where})`)};
    COMMIT;
    ${last.map((name, at) => `${name} := ${vars[at]};`).join(' ')}
  END LOOP;
END`)
}

function doBlock(body: string): string {
  return `DO ${quoted(`\n${body}\n`)};`
}

/** In dollars, with a tag that the text does not hold. */
function quoted(text: string): string {
  let tag = '$lk'
  for (let at = 1; text.includes(tag); at += 1) tag = `$lk${at}`
  return `${tag}$${text}${tag}$`
}

// Which partitions there are is known only when it runs: the script asks, and whoever runs it fills the answer in.
function eachText(step: EachStep): string {
  const list = `SELECT c.oid::regclass AS leaf FROM pg_partition_tree(${quoted(step.relation)}::regclass) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf AND t.level = 1 AND c.relkind = 'r';`
  const ending = [step.index?.addition, step.index?.label].filter((part) => part !== undefined).join('_')
  const name = step.index === undefined ? '' : `; {index} is the partition's name with _${ending}, {leafSchema} its schema`
  const template = step.template.map((part) => comment(...sqlText(part).split('\n')))
  return [
    comment('For each partition that this lists:'),
    list,
    comment(`run, with {leaf} as its name (as a string: {leafText})${name}.`),
    ...template,
  ].join('\n')
}

function comment(...lines: readonly string[]): string {
  return (
    lines
      // A carriage return ends a comment too.
      .flatMap((line) => line.split(/[\n\r]/))
      .map((line) => `-- ${line}`.trimEnd())
      .join('\n')
  )
}
