import { settingsOf } from '../cli/settings.ts'
import { version } from '../cli/version.ts'
import type { Event } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import { run } from '../run/run.ts'
import { loadMigrations } from '../verbs/load-migrations.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import { planPending } from '../verbs/plan.ts'
import { baseline } from '../verbs/record.ts'
import { openTarget } from '../verbs/target.ts'
import { monotonicMs } from './clock.ts'
import { firstMigration } from './folder.ts'
import { stepsOf } from './lockkeeper-steps.ts'
import type { Heard } from './lockkeeper-steps.ts'
import type { Way, WayOptions } from './way.ts'

/** What `lockkeeper apply` does with the folder, with every setting as it is by default. */
export const lockkeeper: Way = {
  id: 'lockkeeper',

  /** The first migration is there already: what `lockkeeper baseline` is for. */
  prepare: async ({ url, folder, signal }) => {
    const loaded = await loadMigrations({ root: folder, source: 'prisma', path: '.', signal })
    await using target = await openTarget({ url })
    const common = { engine: target.engine, connection: { url }, loaded, toolVersion: version(), signal }
    await baseline({ ...common, runLockTimeoutMs: 10_000, terminateOrphan: false }, firstMigration)
  },

  run: async (options) => {
    const loaded = await loadMigrations({ root: options.folder, source: 'prisma', path: '.', signal: options.signal })
    const heard: Heard[] = []
    const plan = await planAndRun(loaded, options, heard)
    return stepsOf(plan, heard)
  },
}

async function planAndRun(loaded: LoadedMigrations, { url, signal, elapsed, say }: WayOptions, heard: Heard[]): Promise<Plan> {
  const settings = settingsOf({}, {})
  const { engine, plan, schema } = await look(loaded, url)
  const tell = teller(plan, say)
  const history = loaded.history(schema)
  const { lockBudgetMs, maxLockWaitMs, runLockTimeoutMs, allowed } = settings
  await run({
    engine,
    connect: { url },
    plan,
    migrations: loaded.migrations,
    ...(history === undefined ? {} : { history }),
    lockBudgetMs,
    maxLockWaitMs,
    runLockTimeoutMs,
    allowed,
    reconnectMs: 10_000,
    terminateOrphan: false,
    toolVersion: version(),
    signal,
    listener: (event) => {
      heard.push({ atMs: elapsed(), event })
      tell(event)
    },
  })
  return plan
}

async function look(
  loaded: LoadedMigrations,
  url: string,
): Promise<Pick<Awaited<ReturnType<typeof openTarget>>, 'engine'> & Pick<Awaited<ReturnType<typeof planPending>>, 'plan' | 'schema'>> {
  await using target = await openTarget({ url })
  const { lockBudgetMs, statementTimeoutMs, allowed } = settingsOf({}, {})
  const { plan, schema } = await planPending(target, loaded, { lockBudgetMs, statementTimeoutMs, allowed })
  return { engine: target.engine, plan, schema }
}

/** Between two words on a long step. */
const tellEveryMs = 10_000

/** Says each step as it begins, and how far a backfill is. */
function teller(plan: Plan, say: (text: string) => void): (event: Event) => void {
  const titles = new Map(plan.migrations.flatMap((migration) => migration.steps.map((step) => [`${migration.id}/${step.id}`, step.title])))
  let saidMs = monotonicMs()
  return (event) => {
    const isStart = event.type === 'step-started'
    if (!isStart && (event.type !== 'batch-done' || monotonicMs() - saidMs < tellEveryMs)) return
    saidMs = monotonicMs()
    say(
      isStart
        ? `${event.migration}: ${titles.get(`${event.migration}/${event.step}`) ?? event.step}`
        : `${Math.round(event.fraction * 100)} %`,
    )
  }
}
