import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Plan } from '../../model/plan.ts'
import type { Session } from '../../model/session.ts'
import type { WayBack } from '../../model/way-back.ts'
import { present } from '../../std/present.ts'
import type { Command, Context, Invocation } from '../command.ts'
import { needConnection } from '../connection.ts'
import { flags, targetFlags } from '../options.ts'
import { settingsOf } from '../settings.ts'
import { printTarget } from '../target-line.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const plan: Command = {
  name: 'plan',
  summary: 'the exact steps for what is pending',
  description:
    'SQL, transaction borders, locks, timeouts and the point of no return. Reads only. --out writes it for apply --plan, --format sql as a script for whoever runs it by hand. Where --to names what is applied already, it writes the migration that leads back there.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [
    ...targetFlags,
    flags.to,
    flags.allow,
    flags.lockTimeout,
    flags.statementTimeout,
    flags.planFormat,
    flags.json,
    flags.out,
    flags.exitCode,
  ],
  async run(invocation, context) {
    const { options } = invocation
    const workspace = await openWorkspace(invocation, context)
    const connection = await needConnection({ options, config: workspace.config }, context)
    const { openTarget } = await import('../../verbs/target.ts')
    const { planPending } = await import('../../verbs/plan.ts')
    const { wayBackTo } = await import('../../verbs/way-back.ts')
    const { withEstimates } = await import('../../verbs/plan-estimates.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    await using target = await openTarget(connection)
    printTarget(context, target.session, connection.role)
    const back =
      options.to === undefined ? undefined : await wayBackTo(target, loaded, { to: options.to, project: workspace.config.project })
    if (back !== undefined) return await printWayBack(back, invocation, context)
    const { lockBudgetMs, statementTimeoutMs, allowed } = settingsOf(options, workspace.config)
    const pending = await planPending(target, loaded, {
      lockBudgetMs,
      statementTimeoutMs,
      allowed,
      ...present({ to: options.to, project: workspace.config.project }),
    })
    const planned = { ...pending, plan: await withEstimates(target, pending.plan) }
    if (planned.inFlight.length > 0) context.stderr.write(`In flight, and first to go on: ${planned.inFlight.join(', ')}\n`)
    const { planJson, planText } = await import('../../report/plan.ts')
    if (options.out !== undefined) await writeFile(resolve(context.cwd, options.out), planJson(planned.plan))
    const format = options.json === true ? 'json' : (options.format ?? 'text')
    if (format === 'sql') context.stdout.write(await scriptText(planned.plan, target.session))
    else context.stdout.write(format === 'json' ? planJson(planned.plan) : planText(context, planned.plan))
    return options.exitCode === true && (planned.plan.migrations.length > 0 || planned.inFlight.length > 0) ? 2 : 0
  },
}

/** --to names what is applied already: the migration that leads back there, as a file to be put into the folder. */
async function printWayBack(back: WayBack, { options }: Invocation, context: Context): Promise<number> {
  const { wayBackText } = await import('../../plan/way-back.ts')
  const text = wayBackText(back)
  if (options.out !== undefined) await writeFile(resolve(context.cwd, options.out), text)
  if (options.json === true) context.stdout.write(`${JSON.stringify({ format: 1, command: 'plan', wayBack: back }, null, 2)}\n`)
  else if (options.out === undefined) context.stdout.write(text)
  return 0
}

async function scriptText(plan: Plan, { dialect, server }: Session): Promise<string> {
  const { formatSql } = await import('../../plan/format-sql.ts')
  return formatSql(plan, { dialect, version: server.version })
}
