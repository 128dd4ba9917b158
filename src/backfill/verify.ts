import type { Row } from '../model/session.ts'
import type { BackfillJob } from './job.ts'

export interface Left {
  readonly count: number
  /** Primary keys of the first few. */
  readonly examples: readonly string[]
}

/** Rows that the change should have met and has not; undefined where there is none. `all`: how many, which reads the whole table. */
export async function whatIsLeft(job: BackfillJob, all: boolean): Promise<Left | undefined> {
  const { work, verify } = job.definition
  if (verify !== undefined) {
    const left = await ask(job, verify)
    if (left !== undefined) return left
  }
  if (!work.falsifies) return undefined
  const found = await query(job, `select exists (select from ${work.relation} where ${work.where}) as found`)
  if (found[0]?.['found'] !== true) return undefined
  if (!all) return { count: 1, examples: [] }
  const [row] = await query(job, `select count(*)::float8 as count from ${work.relation} where ${work.where}`)
  return { count: Number(row?.['count']), examples: await examplesOf(job) }
}

async function ask(job: BackfillJob, verify: string): Promise<Left | undefined> {
  const rows = await query(job, verify)
  if (rows.length === 0) return undefined
  return { count: rows.length, examples: rows.slice(0, shown).map(textOf) }
}

const shown = 5

async function examplesOf(job: BackfillJob): Promise<readonly string[]> {
  const { work } = job.definition
  const keys = await query(
    job,
    `select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
where i.indrelid = $1::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)`,
    [work.relation],
  )
  const columns = keys.map((row) => job.session.dialect.name(String(row['attname'])))
  if (columns.length === 0) return []
  const rows = await query(job, `select ${columns.join(', ')} from ${work.relation} where ${work.where} limit ${shown}`)
  return rows.map(textOf)
}

function textOf(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} ${value instanceof Date ? value.toISOString() : String(value)}`)
    .join(' ')
}

/** It may read for as long as it takes: it locks nothing that anyone waits for. */
function query(job: BackfillJob, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return job.session.query(sql, values, { statementTimeoutMs: 0, signal: job.signal })
}
