import type { ThrottleKind } from '../model/throttle.ts'
import { sizeText } from '../std/amounts.ts'
import { sizeBytes } from './_amounts.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * Bytes of WAL that the replication slot furthest behind keeps from being removed, with a reader or without, of any database: who reads too
 * slowly fills the disk. Reads pg_replication_slots, which anyone may. A slot that was given up (`lost`) keeps nothing. Source: manual, 53.20.
 */
export const slotLag: ThrottleKind = {
  id: 'slot-lag',
  summary: 'a replication slot keeps more than so much WAL',
  example: '1GB',
  open(value, context) {
    const limit = limitOf(slotLag, value, sizeBytes)
    const read = async () => {
      const [slot] = await readRows(context, slotSql)
      if (slot === undefined) return { load: 0, reason: 'no replication slot keeps WAL' }
      const bytes = Number(slot['bytes'])
      const reader = slot['active'] === true ? 'being read' : 'nobody reads it'
      return {
        load: bytes / limit,
        reason: `slot ${String(slot['name'])} (${reader}) keeps ${sizeText(bytes)} of WAL (limit ${sizeText(limit)})`,
      }
    }
    return { id: slotLag.id, everyMs: 1_000, read }
  },
}

const slotSql = `
  select slot_name::text as name, active, greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::float8 as bytes
  from pg_replication_slots
  where restart_lsn is not null and wal_status is distinct from 'lost'
  order by bytes desc
  limit 1`
