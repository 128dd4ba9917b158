/**
 * `lockkeeper apply` as a process that kills itself: after the journal took the event whose number is given (0: never).
 * node --import tsx apply-child.ts URL FOLDER KILL_AT [ALLOWED_RULE]
 */
import { loadMigrations } from '../../src/verbs/load-migrations.ts'
import type { LoadedMigrations } from '../../src/verbs/load-migrations.ts'
import { backfillLoader } from '../../src/verbs/named-backfills.ts'
import { planPending } from '../../src/verbs/plan.ts'
import { openTarget } from '../../src/verbs/target.ts'
import { run } from '../../src/run/run.ts'

const [url = '', folder = '', killAt = '0', ...allowed] = process.argv.slice(2)
const signal = AbortSignal.timeout(120_000)
let seen = 0

async function applyOnce(loaded: LoadedMigrations, resumeOnly: boolean): Promise<boolean> {
  await using target = await openTarget({ url })
  const planned = await planPending(target, loaded, { lockBudgetMs: 100, statementTimeoutMs: 5_000, allowed })
  if (planned.plan.migrations.length + planned.inFlight.length === 0) return false
  const history = loaded.history(planned.schema)
  await run({
    engine: target.engine,
    connect: { url },
    plan: resumeOnly && planned.inFlight.length > 0 ? { ...planned.plan, migrations: [] } : planned.plan,
    migrations: loaded.migrations,
    loadBackfill: backfillLoader(folder),
    lockBudgetMs: 100,
    maxLockWaitMs: 60_000,
    runLockTimeoutMs: 20_000,
    reconnectMs: 30_000,
    allowed,
    terminateOrphan: false,
    toolVersion: 'test',
    signal,
    ...(history === undefined ? {} : { history }),
    listener: (event) => {
      if (event.type !== 'step-started' && event.type !== 'step-done') return
      seen += 1
      if (seen === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    },
  })
  return planned.inFlight.length > 0
}

const loaded = await loadMigrations({ root: folder, signal })
if (await applyOnce(loaded, true)) await applyOnce(loaded, false)
process.stdout.write('complete\n')
