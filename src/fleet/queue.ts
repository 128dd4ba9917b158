import type PgBoss from 'pg-boss'

/** pg-boss lives in this schema of the control database, and our tables beside it; never in a target. */
export const fleetSchema = 'lockkeeper_fleet'

/** Sends SQL on the session whose transaction is open: what the queue says and what our tables say commit together. */
export type Execute = (sql: string, values: readonly unknown[]) => Promise<readonly { readonly [column: string]: unknown }[]>

export interface FleetQueueOptions {
  /** How often a target is tried again after a failure that may go away by itself, or after its machine was lost. */
  readonly retryLimit: number
  /** Grows with each retry, up to twice as long. */
  readonly retryDelaySeconds: number
}

export interface QueuedJob {
  readonly id: string
  readonly target: string
  /** Higher ones are taken first. */
  readonly priority: number
}

/** What a job knows: names. Who takes it looks the URL up in a list of its own. */
interface Payload {
  readonly fleet: string
  readonly target: string
}

export interface FleetQueue {
  /** Creates pg-boss' tables where they are not; begins and commits by itself. */
  install(): Promise<void>
  /** Makes it where it is not; before anything else is asked of the queue in the transaction. */
  open(fleet: string): Promise<void>
  /** `afterSeconds`: hidden for so long. The same target twice is one job. */
  add(fleet: string, jobs: readonly QueuedJob[], afterSeconds?: number): Promise<void>
  take(fleet: string): Promise<QueuedJob | undefined>
  complete(fleet: string, id: string): Promise<void>
  /** Back into the queue, or into the dead letters where it has been tried often enough; `gone` where there is no such job. */
  retry(fleet: string, id: string, why: object): Promise<'retry' | 'failed' | 'gone'>
  /** To the dead letters: trying again would not help. */
  bury(fleet: string, job: { readonly id: string; readonly target: string }, why: object): Promise<void>
  remove(fleet: string, id: string): Promise<void>
  forgetDead(fleet: string): Promise<void>
  /** The queue and its dead letters, jobs and all; before anything else is asked of the queue in the transaction. */
  drop(fleet: string): Promise<void>
}

/** pg-boss allows less than a day, and nothing of ours counts on it: a machine that is lost is known by its heartbeat. */
const expireInSeconds = 23 * 3600

/**
 * The queue of pg-boss (v10) on a session of ours: one queue and one of dead letters for each fleet. pg-boss' own pool, timers and workers
 * stay off; each call here is part of the transaction of whoever calls.
 */
export async function openQueue(execute: Execute, options: FleetQueueOptions): Promise<FleetQueue> {
  const { default: Boss } = await import('pg-boss')
  const db: PgBoss.Db = {
    executeSql: async (sql, values) => ({ rows: [...(await execute(sql, (values as readonly unknown[] | undefined) ?? []))] }),
  }
  const boss = new Boss({ db, schema: fleetSchema, supervise: false, schedule: false, migrate: true })
  boss.on('error', () => undefined)
  return {
    install: async () => void (await boss.start()),
    open: async (fleet) => await open(boss, fleet, { execute, options }),
    add: async (fleet, jobs, afterSeconds) => {
      await boss.insert(jobs.map((job) => insertOf(fleet, job, afterSeconds)))
    },
    take: async (fleet) => await take(boss, fleet),
    complete: async (fleet, id) => await boss.complete(fleet, id),
    retry: async (fleet, id, why) => await retry(boss, { fleet, id, why }),
    bury: async (fleet, { id, target }, why) => {
      await boss.complete(fleet, id, why)
      await boss.send(deadOf(fleet), { fleet, target, ...why } satisfies Payload)
    },
    remove: async (fleet, id) => await boss.deleteJob(fleet, id),
    forgetDead: async (fleet) => await boss.purgeQueue(deadOf(fleet)),
    drop: async (fleet) => {
      await oneAtATime(execute)
      await execute(`lock table ${fleetSchema}.job in access exclusive mode`, [])
      // pg-boss has no call for it, and drops no queue that holds a job, were it long completed (ON DELETE RESTRICT).
      await execute(`delete from ${fleetSchema}.job where name = any($1)`, [[fleet, deadOf(fleet)]])
      await boss.deleteQueue(fleet)
      await boss.deleteQueue(deadOf(fleet))
    },
  }
}

/** Our own number: `queue` in hexadecimal ASCII. */
const structureLock = 0x71_75_65_75_65

/**
 * A queue of pg-boss is a partition with foreign keys: who makes or drops one locks the tables of all queues, and would have locked them
 * less strongly before. Two at once would wait for each other until the server ends one.
 */
async function oneAtATime(execute: Execute): Promise<void> {
  await execute(`select pg_advisory_xact_lock(${structureLock})`, [])
}

interface Opening {
  readonly execute: Execute
  readonly options: FleetQueueOptions
}

async function open(boss: PgBoss, fleet: string, { execute, options: { retryLimit, retryDelaySeconds } }: Opening): Promise<void> {
  await oneAtATime(execute)
  if ((await boss.getQueue(fleet)) !== null) return
  const dead = deadOf(fleet)
  await boss.createQueue(dead, { name: dead, policy: 'standard' })
  await boss.createQueue(fleet, {
    name: fleet,
    policy: 'stately',
    retryLimit,
    retryDelay: retryDelaySeconds,
    retryBackoff: true,
    expireInSeconds,
    deadLetter: dead,
  })
}

function insertOf(fleet: string, { id, target, priority }: QueuedJob, afterSeconds: number | undefined): PgBoss.JobInsert<Payload> {
  const later = afterSeconds === undefined ? {} : { startAfter: String(afterSeconds) }
  return { id, name: fleet, data: { fleet, target }, priority, singletonKey: target, ...later }
}

async function take(boss: PgBoss, fleet: string): Promise<QueuedJob | undefined> {
  const [job] = await boss.fetch<Payload>(fleet, { includeMetadata: true, batchSize: 1 })
  return job === undefined ? undefined : { id: job.id, target: job.data.target, priority: job.priority }
}

interface Retried {
  readonly fleet: string
  readonly id: string
  readonly why: object
}

async function retry(boss: PgBoss, { fleet, id, why }: Retried): Promise<'retry' | 'failed' | 'gone'> {
  await boss.fail(fleet, id, why)
  const job = await boss.getJobById(fleet, id)
  if (job === null) return 'gone'
  return job.state === 'retry' ? 'retry' : 'failed'
}

function deadOf(fleet: string): string {
  return `${fleet}-dead`
}
