import type pg from 'pg'
import type { BackfillStep, EachStep, GateStep, PlannedMigration, SqlStep, Step } from '../../src/model/plan.ts'
import { workText } from '../../src/model/work-text.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { makeObjectName } from '../../src/std/object-name.ts'

/** Takes the steps of a migration one after the other, as the runner would on a server that nobody else uses. */
export async function takeSteps(client: pg.Client, migration: PlannedMigration): Promise<void> {
  for (const step of migration.steps) await takeStep(client, step)
}

/** Takes all steps back, the last one first, as `abort` does. */
export async function takeBack(client: pg.Client, migration: PlannedMigration): Promise<void> {
  for (const step of migration.steps.toReversed()) {
    if (step.kind === 'each')
      for (const leaf of await leavesOf(client, step))
        for (const part of step.template.toReversed()) await undo(client, forLeaf(step, part, leaf))
    await undo(client, step)
  }
}

async function undo(client: pg.Client, step: Step): Promise<void> {
  if (step.undo.kind === 'cleanup') for (const sql of step.undo.sql) await client.query(sql)
}

async function takeStep(client: pg.Client, step: Step): Promise<void> {
  switch (step.kind) {
    case 'sql':
      return await takeSql(client, step)
    case 'backfill':
      return await fill(client, step)
    case 'each':
      return await takeEach(client, step)
    case 'gate':
      return await passGate(client, step)
    case 'code':
      throw new TypeError('SQL never becomes a step of code')
  }
}

/** Nobody else uses the server, so that nobody uses what goes. */
async function passGate(client: pg.Client, { gates }: GateStep): Promise<void> {
  for (const gate of gates) {
    if (gate.kind === 'unused') continue
    const { rows } = await client.query(gate.sql)
    if (rows.length > 0) throw new Error(`${gate.failure}: ${JSON.stringify(rows)}`)
  }
}

async function takeSql(client: pg.Client, step: SqlStep): Promise<void> {
  for (const sql of step.session) await client.query(sql)
  if (step.transaction) {
    if (await isDone(client, step)) return
    await client.query(['BEGIN', `SET LOCAL lock_timeout = ${step.lockTimeoutMs}`, ...step.sql, 'COMMIT'].join('\n;\n'))
    return
  }
  await expectState(client, step, ['absent', 'leftover'])
  for (const sql of step.sql) await client.query(sql)
  await expectState(client, step, ['done'])
}

async function isDone(client: pg.Client, { probe }: SqlStep): Promise<boolean> {
  return probe !== undefined && (await client.query<{ state: string }>(probe.sql)).rows[0]?.state === 'done'
}

/** The probe tells what has not begun from what is done: else a runner that was killed would not know where it stands. */
async function expectState(client: pg.Client, step: SqlStep, states: readonly string[]): Promise<void> {
  if (step.probe === undefined) return
  const { rows } = await client.query<{ state: string }>(step.probe.sql)
  const state = rows[0]?.state ?? 'no row'
  if (!states.includes(state)) throw new Error(`${step.title}: the probe says ${state}, not ${states.join(' or ')}`)
  if (state === 'leftover') for (const sql of step.probe.cleanup) await client.query(sql)
}

async function fill(client: pg.Client, { work, walk }: BackfillStep): Promise<void> {
  const at = (text: string) => text.replaceAll('{now}', 'now()')
  if (walk.by === 'key')
    await client.query(
      `SELECT ${walk.columns.map((column, n) => `${postgresDialect.name(column)}::text::${walk.types[n]}`).join(', ')} FROM ${work.relation} LIMIT 1`,
    )
  const inStep = work.kind === 'update' && work.inStep === true ? "set local lockkeeper.in_step = 'on'; " : ''
  await client.query(`${inStep}${at(workText({ ...work, where: `(${work.where})` }))}`)
  if (!work.falsifies) return
  const { rows } = await client.query<{ left: string }>(`SELECT count(*) AS left FROM ${work.relation} WHERE (${at(work.where)})`)
  if (Number(rows[0]?.left) > 0) throw new Error(`${work.relation}: ${rows[0]?.left} rows still match ${work.where}`)
}

async function takeEach(client: pg.Client, step: EachStep): Promise<void> {
  for (const leaf of await leavesOf(client, step))
    for (const template of step.template) await takeSql(client, forLeaf(step, template, leaf))
}

export interface Leaf {
  readonly schema: string
  readonly name: string
}

async function leavesOf(client: pg.Client, step: EachStep): Promise<readonly Leaf[]> {
  const { rows } = await client.query<Leaf>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_partition_tree($1::regclass) t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.isleaf AND t.level = 1 AND c.relkind = 'r' ORDER BY c.oid`,
    [step.relation],
  )
  return rows
}

/** A part of the template for one leaf. */
export function forLeaf(step: EachStep, template: SqlStep, leaf: Leaf): SqlStep {
  const { name, literal } = postgresDialect
  const made = step.index === undefined ? '' : makeObjectName(leaf.name, step.index.addition, step.index.label)
  const values: { readonly [key: string]: string } = {
    leaf: name(leaf.schema, leaf.name),
    leafText: literal(name(leaf.schema, leaf.name)),
    leafSchema: name(leaf.schema),
    leafName: name(leaf.name),
    index: name(made),
    indexText: literal(name(leaf.schema, made)),
  }
  const put = (text: string) =>
    text.replaceAll(/\{(leaf|leafText|leafSchema|leafName|index|indexText)\}/g, (_, key: string) => values[key] ?? '')
  const { probe, undo: back } = template
  return {
    ...template,
    sql: template.sql.map(put),
    undo: back.kind === 'cleanup' ? { ...back, sql: back.sql.map(put) } : back,
    ...(probe !== undefined && { probe: { sql: put(probe.sql), cleanup: probe.cleanup.map(put) } }),
  }
}
