import type { Citus, CitusTable } from '../model/citus.ts'
import type { Row } from '../model/session.ts'
import { postgresDialect } from './quote.ts'

interface Query {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** Undefined where the extension is not installed, which is all that is asked there. Not tried on Citus itself: written from its documentation. */
export async function readCitus(session: Query): Promise<Citus | undefined> {
  const [there] = await session.query(`
    select extversion as version, to_regclass('pg_catalog.pg_dist_partition') is not null as partitions,
      to_regclass('pg_catalog.pg_dist_local_group') is not null as groups
    from pg_extension where extname = 'citus'`)
  if (there === undefined) return undefined
  const groups = there['groups'] === true ? await session.query(`select groupid from pg_catalog.pg_dist_local_group`) : []
  const partitions = there['partitions'] === true ? await session.query(partitionSql) : []
  return citusOf(String(there['version']), groups, partitions)
}

const partitionSql = `
  select n.nspname as schema, c.relname as name, p.partmethod::text as partmethod, p.repmodel::text as repmodel, p.colocationid
  from pg_catalog.pg_dist_partition p
  join pg_class c on c.oid = p.logicalrelid
  join pg_namespace n on n.oid = c.relnamespace
  order by 1, 2`

/**
 * The rows of Citus' catalog in our words. pg_dist_local_group has one row: 0 on the coordinator, the worker's group elsewhere.
 * A table without a distribution column (partmethod `n`) is a reference table where it is written in two phases (repmodel `t`), one shard
 * somewhere where it has a colocation group, else a local table that Citus only knows of.
 */
export function citusOf(version: string, groups: readonly Row[], partitions: readonly Row[]): Citus {
  const coordinator = groups.every((row) => Number(row['groupid']) === 0)
  return { version, coordinator, tables: partitions.map((row) => ({ relation: relationOf(row), kind: kindOf(row) })) }
}

function relationOf(row: Row): string {
  return postgresDialect.name(String(row['schema']), String(row['name']))
}

function kindOf({ partmethod, repmodel, colocationid }: Row): CitusTable['kind'] {
  if (partmethod !== 'n') return 'distributed'
  if (repmodel === 't') return 'reference'
  return Number(colocationid ?? 0) === 0 ? 'local' : 'distributed'
}
