import { LockkeeperError } from '../model/errors.ts'
import type { CheckFormat } from '../report/check.ts'
import { present } from '../std/present.ts'
import type { CheckVerbOptions } from '../verbs/check-options.ts'
import type { Context, Invocation } from './command.ts'
import type { OptionSpec } from './option-spec.ts'
import { findConnection, isAskedFor, needConnection } from './connection.ts'
import type { Options } from './options.ts'
import { flags, parseServer, targetFlags } from './options.ts'
import type { Workspace } from './workspace.ts'
import { openWorkspace } from './workspace.ts'

/** The flags of `check`, under whatever name it is called. */
export const checkOptions: readonly OptionSpec[] = [
  ...targetFlags,
  flags.server,
  flags.shadowUrl,
  flags.noSandbox,
  flags.since,
  flags.stats,
  flags.writeStats,
  flags.failOn,
  flags.style,
  flags.baseline,
  flags.writeBaseline,
  flags.checkFormat,
  flags.json,
]

/** See docs/cli.md, `lockkeeper check`; the exit status. */
export async function runCheck(invocation: Invocation, context: Context): Promise<number> {
  const { options } = invocation
  const workspace = await openWorkspace(invocation, context)
  const { checkMigrations } = await import('../verbs/check.ts')
  const { throwAwayDatabases } = await import('../verbs/throw-away.ts')
  await using throwAway = throwAwayDatabases(context.signal)
  const { acceptedFindings, policyOf } = await import('./policy.ts')
  const format = options.json === true ? 'json' : formatOf(options.format)
  const accepted = await acceptedFindings(invocation, context, workspace.loaded)
  const policy = policyOf(workspace.loaded, context.cwd, options.writeBaseline === true ? undefined : accepted)
  const report = await checkMigrations({
    ...(await verbOptions(invocation, context, workspace)),
    policy,
    replacements: format === 'sarif',
    sandboxUrl: throwAway.url,
  })
  if (options.writeBaseline === true) {
    const { acceptFindings } = await import('./accept-findings.ts')
    return await acceptFindings(invocation, context, { loaded: workspace.loaded, report, before: accepted })
  }
  const { printReport } = await import('./check-output.ts')
  return await printReport(report, context, { format, failOn: options.failOn ?? workspace.config.failOn ?? 'error' })
}

async function verbOptions(invocation: Invocation, context: Context, { config, where }: Workspace): Promise<CheckVerbOptions> {
  const { options } = invocation
  const wanted = { options, config }
  const connection = await connectionFor(wanted, context)
  return {
    root: context.cwd,
    paths: invocation.arguments.length > 0 ? invocation.arguments : [where.path ?? []].flat(),
    standardInput: context.readStandardInput,
    signal: context.signal,
    today: new Date().toISOString().slice(0, 10),
    connectionOptional: options.writeStats === undefined && !isAskedFor(wanted),
    ...present({
      connection,
      source: where.source,
      since: options.since,
      sandbox: options.sandbox,
      statsFile: options.stats,
      writeStatsFile: options.writeStats,
      project: config.project,
      server: options.server ?? (config.server === undefined ? undefined : parseServer(config.server)),
      style: options.style ?? config.style,
      schema: options.schema ?? config.schema ?? connection?.schema,
      shadowUrl: options.shadowUrl ?? config.shadowUrl,
      startAfter: config.startAfter,
      mustRun: options.mustRun,
    }),
  }
}

async function connectionFor(wanted: Pick<Workspace, 'config'> & Pick<Invocation, 'options'>, context: Context) {
  const { stats, writeStats } = wanted.options
  if (writeStats === undefined) return await findConnection(wanted, context)
  if (stats !== undefined) throw new LockkeeperError('usage', '--stats reads a file and --write-stats makes one: give one of them.')
  return await needConnection(wanted, context)
}

// `sql` is a form of plans alone, and the flag does not take it here.
function formatOf(format: Options['format']): CheckFormat {
  return format === undefined || format === 'sql' ? 'text' : format
}
