import { applyFlags } from '../apply-flags.ts'
import { LockkeeperError } from '../../model/errors.ts'
import type { Command, Context, Invocation } from '../command.ts'
import type { Options } from '../options.ts'
import { flags, targetFlags } from '../options.ts'
import type { Workspace } from '../workspace.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const fleet: Command = {
  name: 'fleet',
  summary: 'one folder of migrations, or one backfill, in hundreds of databases, wave after wave',
  description: `apply     a folder of migrations in each target
backfill  one change of rows in each target, batch by batch: fleet backfill NAME --sql "UPDATE ..."
status    how far it is: by --name, --backfill NAME, or the folder
retry     make what failed or was skipped pending again

apply and backfill take part in the work, from any number of machines, and go on with what was interrupted.`,
  arguments: [
    { name: '<verb>', description: 'apply, backfill, status or retry' },
    { name: '[path]', description: 'the folder of the migrations, or the name of the backfill' },
  ],
  options: [
    flags.controlUrl,
    flags.targetsFile,
    flags.target,
    flags.targetsQuery,
    flags.name,
    flags.concurrency,
    flags.canary,
    flags.wave,
    flags.errorBudget,
    flags.skip,
    flags.sql,
    flags.file,
    flags.verify,
    flags.walk,
    flags.batchTime,
    flags.restart,
    flags.backfill,
    ...targetFlags,
    ...applyFlags,
  ],
  async run({ arguments: [verb = '', ...path], options }, context) {
    const run = verbs[verb]
    if (run === undefined)
      throw new LockkeeperError('usage', `There is no verb "${verb}" of fleet.`, {
        hint: 'Write fleet apply, fleet backfill, fleet status or fleet retry.',
      })
    refuseStray(verb, options)
    const invocation = { arguments: path, options }
    return await run(invocation, context, await openWorkspace(invocation, context))
  },
}

const ofMigrations = [
  'source',
  'to',
  'allow',
  'window',
  'statementTimeout',
  'maxAttempts',
  'runLockTimeout',
  'terminateOrphan',
] as const satisfies readonly (keyof Options)[]
const ofBackfills = ['sql', 'file', 'verify', 'walk', 'batchTime', 'restart'] as const satisfies readonly (keyof Options)[]

/** Flags that would be passed over in silence: who gives them means something else. */
const strays: { readonly [verb: string]: readonly (keyof typeof flags & keyof Options)[] } = {
  apply: [...ofBackfills, 'backfill'],
  backfill: [...ofMigrations, 'backfill'],
  status: ofBackfills,
  retry: ofBackfills,
}

function refuseStray(verb: string, options: Options): void {
  const stray = strays[verb]?.find((name) => options[name] !== undefined)
  if (stray === undefined) return
  const [flag = ''] = flags[stray].flags.split(' ')
  throw new LockkeeperError('usage', `fleet ${verb} knows no ${flag}.`, { hint: hintFor(verb, stray) })
}

function hintFor(verb: string, stray: keyof Options): string {
  if (stray === 'backfill') return `Write fleet status --backfill NAME, or fleet backfill NAME.`
  if (verb === 'backfill') return 'It is for fleet apply.'
  return verb === 'apply' ? 'It is for fleet backfill.' : `Write fleet ${verb} --backfill NAME.`
}

type Verb = (invocation: Invocation, context: Context, workspace: Workspace) => Promise<number>

const verbs: { readonly [name: string]: Verb | undefined } = {
  async apply(invocation, context, workspace) {
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    const { fleetApply } = await import('../fleet-apply.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    return await fleetApply({ invocation, context, config: workspace.config, loaded })
  },
  async backfill(invocation, context, { config }) {
    const { fleetBackfill } = await import('../fleet-backfill.ts')
    return await fleetBackfill({ invocation, context, config, name: invocation.arguments[0] })
  },
  async status(invocation, context, workspace) {
    const { fleetStatus } = await import('../fleet-status.ts')
    return await fleetStatus({ invocation, context, workspace })
  },
  async retry(invocation, context, workspace) {
    const { fleetRetry } = await import('../fleet-status.ts')
    return await fleetRetry({ invocation, context, workspace })
  },
}
