import * as v from 'valibot'
import type { Asked, Evidence } from '../../model/evidence.ts'
import type { UnusedGate } from '../../model/plan.ts'
import type { Row, Session } from '../../model/session.ts'

export interface Place {
  readonly session: Session
  readonly gate: UnusedGate
  readonly asked: Asked
}

/** What one look found. */
export interface Found {
  /** What shows use since the look before, in words. */
  readonly seen: readonly string[]
  readonly missing?: NonNullable<Evidence['missing']>
  /** Whether there was a look before that could be compared with. */
  readonly compared: boolean
  /** What the next look compares with. */
  readonly sample: { readonly [key: string]: unknown }
}

/** The look before, as it was written down. */
export interface Before<Sample> {
  readonly sample: Sample
  readonly at: Date
}

export const count = v.pipe(v.number(), v.finite(), v.minValue(0))

const before = v.object({
  sample: v.looseObject({ seen: v.array(v.string()) }),
  // A timestamptz may be infinite.
  at: v.date(),
})

/** Undefined where there is none, and where it was changed by another hand: then the quiet time begins anew, which is the safe side. */
export function beforeOf(row: Row | undefined): Before<{ readonly seen: readonly string[]; readonly [key: string]: unknown }> | undefined {
  const read = v.safeParse(before, { sample: row?.['sample'], at: row?.['sampled_at'] })
  return read.success ? read.output : undefined
}

export function query({ session, asked }: Place, sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
  return session.query(sql, values, asked.limits)
}

/** To the second, in UTC. */
export function timeText(time: unknown): string {
  return time instanceof Date ? `${time.toISOString().slice(0, 19)}Z` : 'a time that is not shown to us'
}

/** `pid 17, application shop, role app`, from the columns of `whoColumns`. */
export function whoIs({ pid, application, role }: Row): string {
  return `pid ${String(pid)}, ${application === '' ? 'no application name' : `application ${String(application)}`}, role ${String(role)}`
}

/** Of `a`, a row of pg_stat_activity, which a prepared transaction does not have. */
export const whoColumns = `coalesce(a.pid::text, '-') as pid, coalesce(a.application_name, '') as application, coalesce(a.usename::text, '-') as role`
