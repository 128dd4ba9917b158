/**
 * `lockkeeper apply`, `complete` or `abort` as a process that kills itself after the event whose number is given (0: never). Of apply and complete
 * the events of the journal count, of abort all.
 * node expand-child.js URL FOLDER VERB KILL_AT
 */
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { run } from '../../src/run/run.ts'
import { loadMigrations } from '../../src/verbs/load-migrations.ts'
import { planPending } from '../../src/verbs/plan.ts'
import { openTarget } from '../../src/verbs/target.ts'

const [url = '', folder = '', verb = 'apply', killAt = '0', ...allowed] = process.argv.slice(2)
const signal = AbortSignal.timeout(120_000)
let seen = 0

const counted: RunOptions['listener'] = (event) => {
  const { type } = event
  // Behind the last one there is nothing left to do again; and a gate is asked anew in each run until something behind it is done.
  if (type === 'migration-aborted' || ('step' in event && event.step?.endsWith('-gate'))) return
  if (verb !== 'abort' && type !== 'step-started' && type !== 'step-done' && type !== 'migration-expanded') return
  seen += 1
  if (seen === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

const loaded = await loadMigrations({ root: folder, signal })
await using target = await openTarget({ url })
const { plan, inFlight } = await planPending(target, loaded, { lockBudgetMs: 100, statementTimeoutMs: 5_000, allowed })
const options: RunOptions = {
  engine: target.engine,
  connect: { url },
  plan: inFlight.length > 0 ? { ...plan, migrations: [] } : plan,
  migrations: loaded.migrations,
  lockBudgetMs: 100,
  maxLockWaitMs: 60_000,
  runLockTimeoutMs: 20_000,
  reconnectMs: 30_000,
  allowed,
  terminateOrphan: false,
  toolVersion: 'test',
  signal,
  listener: counted,
}
if (verb === 'apply') await run(options)
else if (verb === 'complete')
  await complete({ ...options, contract: { overrides: [{ gate: 'unused', reason: 'a test' }], minAgeMs: 0, waitMs: 0 } })
else await abort(options)
