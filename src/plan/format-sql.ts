import type { Dialect } from '../model/dialect.ts'
import type { BackfillStep, DataCheck, EachStep, Gate, GateStep, Plan, PlannedMigration, SqlStep, Step, UnusedGate } from '../model/plan.ts'
import { workText } from '../model/work-text.ts'
import { backfillScript, dollarQuoted } from './backfill-script.ts'

export interface ScriptTarget {
  readonly dialect: Dialect
  /** The major that it is to run on, 13 to 18. */
  readonly version: number
}

interface Context {
  readonly target: ScriptTarget
  readonly migration: PlannedMigration
}

/**
 * The plan as a commented script for whoever runs it by hand, statement by statement in one session, on a server of that major: outside a
 * transaction, since each part brings its own. It writes neither the journal nor the ORM's history.
 */
export function formatSql(plan: Plan, target: ScriptTarget): string {
  const header = comment(
    `Lockkeeper plan for ${plan.project}: ${plan.migrations.length} migration(s).`,
    'Run it part by part, outside a transaction, and stop at the first error.',
    'A statement that ends in a lock timeout changed nothing: run its part again.',
    "Nothing here writes the ORM's history: record the migrations there afterwards (or with lockkeeper resolve --applied).",
  )
  const waits = plan.waiting === undefined ? [] : [comment(`${plan.waiting.migration} waits until ${plan.waiting.behind} is complete.`)]
  return `${[header, ...plan.migrations.map((migration) => migrationText(migration, target)), ...waits].join('\n\n')}\n`
}

function migrationText(migration: PlannedMigration, target: ScriptTarget): string {
  const blocked = migration.blocked.map((hazard) => comment(`STOP. ${hazard.rule}: ${hazard.message}`, `Instead: ${hazard.fix}`))
  const title = comment('='.repeat(100), `${migration.id} (${migration.file})`, '='.repeat(100))
  return [
    title,
    ...blocked,
    ...migration.checks.map(checkText),
    ...migration.steps.map((step) => stepText(step, { target, migration })),
  ].join('\n\n')
}

function checkText(check: DataCheck): string {
  return `${comment(`Check: ${check.title}.`, 'It must return no row.', `If it does: ${check.failure}. ${check.hint}`)}\n${check.sql};`
}

function stepText(step: Step, context: Context): string {
  const hazards = step.hazards.map((hazard) => comment(`Note (${hazard.rule}): ${hazard.message}`))
  const words = [comment(`Step ${step.id}: ${step.title}.`, ...undoWords(step)), ...hazards]
  return [...words, bodyText(step, context)].join('\n')
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

function bodyText(step: Step, context: Context): string {
  switch (step.kind) {
    case 'sql':
      return sqlText(step)
    case 'backfill':
      return backfillText(step, context)
    case 'each':
      return eachText(step)
    case 'code':
      return codeText()
    case 'gate':
      return gateText(step, context)
  }
}

/** Whoever sends the whole script to psql must not go on past it. */
function codeText(): string {
  const stop = `DO $$ BEGIN RAISE EXCEPTION 'this step is code of the ORM: run it with the ORM or with lockkeeper apply, then go on behind it'; END $$;`
  return [comment('Code that reads rows: no SQL can be written for it beforehand.'), stop].join('\n')
}

function gateText({ gates }: GateStep, { target }: Context): string {
  const head = comment('STOP here until the application that knows the old shape is gone, and each of these holds:')
  return [head, ...gates.map((gate) => conditionText(gate, target.dialect))].join('\n')
}

function conditionText(gate: Gate, dialect: Dialect): string {
  switch (gate.kind) {
    case 'backfilled':
    case 'in-step':
    case 'nothing-depends':
      return `${comment(`${gate.title}: this must return no row.`)}\n${gate.sql};`
    case 'unused':
      return unusedText(gate, dialect)
  }
}

/** No query alone can tell: what grows between two looks does. */
function unusedText({ title, names, counter, views }: UnusedGate, { literal }: Dialect): string {
  const named = names.map((name) => `strpos(lower(query), lower(${literal(name)})) > 0`).join(' AND ')
  const looks = [
    ...views.map((view) => `SELECT pid FROM pg_locks WHERE relation = to_regclass(${literal(view)});`),
    ...(counter === undefined ? [] : [`SELECT last_value, is_called FROM ${counter};`]),
    ...(names.length === 0 ? [] : [`SELECT calls, query FROM pg_stat_statements WHERE ${named};`]),
  ]
  return comment(
    `${title}: look for sessions of the old application,`,
    'SELECT pid, application_name, usename FROM pg_stat_activity WHERE datname = current_database();',
    'and run these twice, a quarter of an hour apart, on a server whose statistics nobody resets: nothing may have grown.',
    ...looks,
  )
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

function backfillText({ id, work, walk, batchTargetMs }: BackfillStep, { target, migration }: Context): string {
  const words =
    work.kind === 'code'
      ? []
      : [
          'In batches, each committed, all in one session and not inside a transaction. Stopped, it may be run again: it goes on.',
          ...(work.falsifies ? [] : ['What it has done stands in a table until all is done: run it once, to its end.']),
          ...(workText(work).includes('{now}') ? ['The start of the run stands for now(), the same for all rows.'] : []),
        ]
  const script = { work, walk, batchTargetMs, name: `${migration.id}_${id}`, version: target.version }
  return [...words.map((line) => comment(line)), backfillScript(script, target.dialect)].join('\n')
}

// Which partitions there are is known only when it runs: the script asks, and whoever runs it fills the answer in.
function eachText(step: EachStep): string {
  const list = `SELECT c.oid::regclass AS leaf FROM pg_partition_tree(${dollarQuoted(step.relation)}::regclass) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf AND t.level = 1 AND c.relkind = 'r';`
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
