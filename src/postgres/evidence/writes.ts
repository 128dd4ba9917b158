import * as v from 'valibot'
import { query, timeText, type Before, type Found, type Place } from './sample.ts'

const shape = v.looseObject({ value: v.nullable(v.pipe(v.string(), v.digits())) })

/** Whether the sync trigger counted a write of the old side (operations/_sync.ts). */
export async function lookAtWrites(place: Place, before: Before<unknown> | undefined): Promise<Found> {
  const { counter } = place.gate
  const [row] = await query(
    place,
    `select to_regclass($1) is not null as there, pg_sequence_last_value(to_regclass($1)::oid)::text as value`,
    [counter],
  )
  const value = typeof row?.['value'] === 'string' ? row['value'] : null
  if (row?.['there'] !== true) return { seen: [], compared: false, sample: {}, missing: gone(String(counter)) }
  const known = v.safeParse(shape, before?.sample)
  if (before === undefined || !known.success) return { seen: [], compared: false, sample: { value } }
  return { seen: moved(known.output.value, value, before.at), compared: true, sample: { value } }
}

function moved(before: string | null, now: string | null, since: Date): readonly string[] {
  if (before === now) return []
  const writes = BigInt(now ?? 0) - BigInt(before ?? 0)
  return [
    writes > 0n
      ? `${writes === 1n ? '1 row' : `${writes} rows`} written since ${timeText(since)}`
      : `the counter of writes went back since ${timeText(since)}`,
  ]
}

function gone(counter: string): NonNullable<Found['missing']> {
  return { why: `the counter ${counter} is gone`, hint: 'Find out who dropped it: the trigger that moves it fails too.' }
}
