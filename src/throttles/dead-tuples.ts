import type { Row } from '../model/session.ts'
import type { ThrottleKind } from '../model/throttle.ts'
import { grouped } from '../std/amounts.ts'
import { percent } from './_amounts.ts'
import { familySql } from './_family.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * Dead rows in percent of all rows, the dead included, of the table or the partition that is worst: a backfill leaves one for each row that it
 * changes, and vacuum must keep up. Reads pg_stat_all_tables, which anyone may: estimates, as old as the last report of the sessions that write
 * (a second while they do). Whether vacuum is at it shows only to pg_read_all_stats or the role that runs it. Below 1,000 dead rows nothing
 * is too much. Source: manual, 27.2.19 and 24.1.6 (when autovacuum begins).
 */
export const deadTuples: ThrottleKind = {
  id: 'dead-tuples',
  summary: 'so many percent of the rows of the table, or of a partition, are dead',
  example: '20%',
  open(value, context) {
    const limit = limitOf(deadTuples, value, percent)
    const read = async () => {
      const [row] = await readRows(context, deadSql, [context.relation, fewest])
      if (row === undefined) return { load: 0, reason: `${context.relation} has less than ${grouped(fewest)} dead rows` }
      const [dead, all] = [Number(row['dead']), Number(row['all'])]
      const share = (dead / all) * 100
      const rows = `${grouped(dead)} of ${grouped(all)} rows of ${String(row['name'])} are dead`
      return { load: share / limit, reason: `${rows}: ${Math.round(share)} % (limit ${limit} %); ${vacuumText(row)}` }
    }
    return { id: deadTuples.id, everyMs: 1_000, read }
  },
}

const fewest = 1_000

function vacuumText(row: Row): string {
  if (typeof row['phase'] === 'string') return `vacuum works on it now (${row['phase']})`
  if (row['enabled'] === false) return 'autovacuum is off for it'
  const due = Number(row['due'])
  return Number(row['dead']) > due ? `autovacuum is due since ${grouped(due)} and not at it` : `autovacuum begins at ${grouped(due)}`
}

/** reltuples: what VACUUM counted last; the counters of a server that crashed begin at 0. */
const deadSql = `
  with recursive ${familySql},
  options as (
    select c.oid, c.reltuples, s.n_dead_tup as dead, greatest(s.n_live_tup, c.reltuples::int8) + s.n_dead_tup as "all",
      coalesce((select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_enabled')::bool, true)
        and current_setting('autovacuum')::bool as enabled,
      coalesce((select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_vacuum_threshold'),
        current_setting('autovacuum_vacuum_threshold'))::float8 as base,
      coalesce((select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_vacuum_scale_factor'),
        current_setting('autovacuum_vacuum_scale_factor'))::float8 as scale
    from family f join pg_class c on c.oid = f.oid join pg_stat_all_tables s on s.relid = c.oid
    where s.n_dead_tup >= $2
  )
  select o.oid::regclass::text as name, o.dead::float8, o."all"::float8, o.enabled,
    round(o.base + o.scale * greatest(o.reltuples, 0))::float8 as due, v.phase
  from options o left join pg_stat_progress_vacuum v on v.relid = o.oid and v.datname = current_database()
  order by o.dead::float8 / o."all" desc
  limit 1`
