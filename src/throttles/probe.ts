import type { ThrottleKind } from '../model/throttle.ts'
import { durationMs, durationText } from './_amounts.ts'
import { queryText, readTimeoutMs, readUserRows } from './_read.ts'
import { badValue } from './_text.ts'

/**
 * How long a query of your own takes: one that the application lives by. The worst of the last 3, measured on the server, so the network is not
 * in it. It runs in a read-only transaction, ends after 2 s at the latest, and needs the rights that it needs.
 */
export const probe: ThrottleKind = {
  id: 'probe',
  summary: 'a query of your own takes longer than so',
  example: '50ms select * from orders where id = 1',
  open(value, context) {
    const { limitMs, sql } = readValue(value)
    let samples: readonly number[] = []
    const read = async () => {
      const { ms } = await readUserRows(context, sql, '')
      samples = [...samples, ms].slice(-keep)
      const worst = Math.max(...samples)
      return {
        load: worst / limitMs,
        reason: `the query took ${durationText(worst)}, worst of ${samples.length} (limit ${durationText(limitMs)})`,
      }
    }
    return { id: probe.id, everyMs: 500, read }
  },
}

const keep = 3

function readValue(value: string): { readonly limitMs: number; readonly sql: string } {
  const [, limit = '', text = ''] = /^\s*(\S+)\s+(.+)$/s.exec(value) ?? []
  const [limitMs, sql] = [durationMs(limit), queryText(text)]
  if (limitMs === undefined || sql === undefined) throw badValue(probe, value)
  if (limitMs < readTimeoutMs) return { limitMs, sql }
  throw badValue(probe, value, `has a limit above ${durationText(readTimeoutMs)}, which is when the query is ended`)
}
