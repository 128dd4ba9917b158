/**
 * One worker of a backfill as a process, which says each outcome of a batch in a line, and 'complete' at the end; with STOP_AT it
 * stops itself (SIGSTOP) before that batch, when it has the lease and has not yet sent anything. Work that is code counts in the column n.
 * node backfill-child.mjs URL CHILD_JOB
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { backfill } from '../../src/backfill/backfill.ts'
import type { CodeBatch, CodeWork } from '../../src/backfill/code-batch.ts'
import type { BackfillStore } from '../../src/model/backfill.ts'
import type { Walk, Work } from '../../src/model/plan.ts'
import { backfillStore } from '../../src/postgres/backfill/store.ts'
import { journal } from '../../src/postgres/journal.ts'
import { connect } from '../../src/postgres/session.ts'

export interface ChildJob {
  readonly work: Work
  readonly walk: Walk
  readonly owner: string
  readonly leaseMs: number
  /** 0: never. */
  readonly stopAt: number
  /** In which call of code. */
  readonly stopInRun?: number
}

const [url = '', text = '{}'] = process.argv.slice(2)
const child = JSON.parse(text) as ChildJob
const say = (line: string): void => void process.stdout.write(`${line}\n`)

function saying(store: BackfillStore): BackfillStore {
  return {
    ...store,
    batch: async (key, batch) => {
      const outcome = await store.batch(key, batch)
      say(outcome.kind)
      return outcome
    },
    openCode: async (key, transaction) => {
      const outcome = await store.openCode(key, transaction)
      if (outcome.kind !== 'open') say(outcome.kind)
      return outcome
    },
    commitCode: async (key, commit) => {
      const outcome = await store.commitCode(key, commit)
      say(outcome.kind)
      return outcome
    },
  }
}

let asked = 0

async function hold(): Promise<undefined> {
  asked += 1
  if (asked === child.stopAt) {
    say('stopped')
    process.kill(process.pid, 'SIGSTOP')
  }
  await sleep(2)
  return undefined
}

let called = 0

/** Stops between what it read and what it writes. */
function counting({ hash }: CodeWork): CodeBatch {
  const run: CodeBatch['run'] = async (rows, tx) => {
    called += 1
    if (called === child.stopInRun) {
      say('stopped')
      process.kill(process.pid, 'SIGSTOP')
      await sleep(1)
    }
    await tx.query('update t set n = n + 1 where id = any($1)', [rows.map(({ id }) => id)])
  }
  return { hash, most: 50, concurrency: 1, timeoutMs: 20_000, run }
}

await using control = await connect({ url, applicationName: 'lockkeeper control' })
await using session = await connect({ url, applicationName: 'lockkeeper', control })
await journal(session).install()
await backfill({
  key: { project: 'test', migration: 'm', step: 's' },
  definition: { work: child.work, walk: child.walk, batchTargetMs: 2, triggers: 'fire' },
  owner: child.owner,
  session,
  store: saying(backfillStore(session)),
  control: backfillStore(control),
  lockBudgetMs: 50,
  maxLockWaitMs: 20_000,
  maxHoldMs: 60_000,
  leaseMs: child.leaseMs,
  hold,
  ...(child.work.kind === 'code' ? { code: counting(child.work) } : {}),
  signal: AbortSignal.timeout(60_000),
  listener: { onBatch: () => undefined, onHeld: () => undefined, onNotice: () => undefined },
})
say('complete')
