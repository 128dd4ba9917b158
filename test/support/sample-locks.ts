import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

/** A lock that makes plain reads or writes wait, held by one transaction. */
export interface Hold {
  readonly relation: string
  readonly mode: string
  /** Between the first sample that saw it and the last one, by the server's clock. */
  readonly ms: number
}

export interface Sampler extends AsyncDisposable {
  /** What was held since it began, the longest first. */
  stop(): Promise<readonly Hold[]>
}

interface Connections {
  /** In another database of the same server: an open snapshot in the same one would hold CONCURRENTLY up. */
  readonly sampling: pg.Client
  /** To end the sampling by. */
  readonly control: pg.Client
}

/**
 * Looks every few milliseconds at the locks of all backends on these tables, from within the server: what happens in this process
 * delays no sample.
 */
export async function sampleLocks({ sampling, control }: Connections, database: string, tables: readonly UserTable[]): Promise<Sampler> {
  await sampling.query(`CREATE TEMP TABLE IF NOT EXISTS samples (at timestamptz, transaction text, relation oid, mode text)`)
  await sampling.query('TRUNCATE samples')
  const { rows } = await sampling.query<{ pid: number; oid: string }>(
    'SELECT pg_backend_pid() AS pid, oid::text FROM pg_database WHERE datname = $1',
    [database],
  )
  const [place] = rows
  if (place === undefined) throw new Error(`there is no database ${database}`)
  let stopped: Promise<readonly Hold[]> | undefined
  const ended = sampling.query(loop(place.oid, tables)).then(
    () => undefined,
    (error: { readonly code?: string }) => (error.code === queryCanceled ? undefined : error),
  )
  const stop = async (): Promise<readonly Hold[]> => {
    const failure = await cancelled({ control, pid: place.pid, ended })
    if (failure !== undefined) throw new Error('the sampling ended by itself', { cause: failure })
    return await holds(sampling, tables)
  }
  const once = async (): Promise<readonly Hold[]> => await (stopped ??= stop())
  return { stop: once, [Symbol.asyncDispose]: async () => void (await once()) }
}

interface Cancelling {
  readonly control: pg.Client
  readonly pid: number
  readonly ended: Promise<object | undefined>
}

/** Again and again: where the work took no time at all, the loop has not begun yet, and a backend at rest forgets that it was to end. */
async function cancelled({ control, pid, ended }: Cancelling): Promise<object | undefined> {
  for (;;) {
    await control.query('SELECT pg_cancel_backend($1)', [pid])
    const answer = await Promise.race([ended.then((failure) => ({ failure })), sleep(50)])
    if (answer !== undefined) return answer.failure
  }
}

const queryCanceled = '57014'

// Not under a snapshot: pg_locks shows the present, and each COMMIT keeps what was seen.
function loop(database: string, tables: readonly UserTable[]): string {
  return `
DO $$
BEGIN
  LOOP
    INSERT INTO samples
      SELECT clock_timestamp(), virtualtransaction, relation, mode FROM pg_catalog.pg_locks
      WHERE granted AND locktype = 'relation' AND database = ${database} AND relation = ANY (${oids(tables)})
        AND (mode = 'AccessExclusiveLock' OR mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock') AND relation <> ALL (${oids(tables.filter(({ isView }) => isView))}));
    COMMIT;
    PERFORM pg_catalog.pg_sleep(0.002);
  END LOOP;
END $$`
}

function oids(tables: readonly UserTable[]): string {
  return `'{${tables.map(({ oid }) => oid).join(',')}}'::oid[]`
}

async function holds(client: pg.Client, tables: readonly UserTable[]): Promise<readonly Hold[]> {
  const { rows } = await client.query<Hold>(`
    SELECT relation::text, min(mode) AS mode, (extract(epoch FROM max(at) - min(at)) * 1000)::float AS ms
    FROM samples GROUP BY transaction, relation ORDER BY ms DESC`)
  const names = new Map(tables.map(({ oid, name }) => [oid, name]))
  return rows.map((hold) => ({ ...hold, relation: names.get(hold.relation) ?? hold.relation }))
}

export interface UserTable {
  readonly oid: string
  readonly name: string
  /** A materialized view: nobody writes to it, so only a lock that blocks readers is felt. */
  readonly isView: boolean
}

/** Tables and materialized views that are there now. */
export async function userTables(client: pg.Client): Promise<readonly UserTable[]> {
  const { rows } = await client.query<UserTable>(`
    SELECT c.oid::text, format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'm' AS "isView" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('information_schema', 'pg_catalog') AND n.nspname !~ '^pg_'
    ORDER BY c.oid`)
  return rows
}
