import type { Reading, ThrottleKind } from '../model/throttle.ts'
import { sizeText } from '../std/amounts.ts'
import { bytesPerSecond } from './_amounts.ts'
import { Rate } from './_rate.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * WAL of the whole server, ours included, in bytes a second: the mean of the last 10 s of its own readings, so that batches that come and go
 * settle at the limit and not at half of what they can do. Holds until there are two readings. Reads pg_current_wal_insert_lsn(), which
 * anyone may. Source: manual, 9.28.3.
 */
export const walRate: ThrottleKind = {
  id: 'wal-rate',
  summary: 'the server writes more than so much WAL a second',
  example: '50MB/s',
  open(value, context) {
    const limit = limitOf(walRate, value, bytesPerSecond)
    const rate = new Rate()
    const read = async () => {
      const [row] = await readRows(context, walSql)
      return judge(rate.add({ ms: Number(row?.['ms']), bytes: Number(row?.['bytes']) }), limit)
    }
    return { id: walRate.id, everyMs: 500, read }
  },
}

function judge(rate: ReturnType<Rate['add']>, limit: number): Reading {
  if (rate === undefined) return { load: 1, reason: 'the first reading is no rate yet' }
  const { perSecond, seconds } = rate
  return {
    load: perSecond / limit,
    reason: `the server writes ${sizeText(perSecond)}/s of WAL, mean of ${Math.ceil(seconds)} s (limit ${sizeText(limit)}/s)`,
  }
}

const walSql = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes, (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
