import { LockkeeperError } from '../../model/errors.ts'
import type { CheckReport } from '../../model/verdict.ts'
import { present } from '../../std/present.ts'
import type { CheckVerbOptions } from '../../verbs/check-options.ts'
import type { Command, Context, Invocation } from '../command.ts'
import { findConnection, isAskedFor, needConnection } from '../connection.ts'
import type { FailOn } from '../options.ts'
import { flags, parseServer, targetFlags } from '../options.ts'
import type { Workspace } from '../workspace.ts'
import { openWorkspace } from '../workspace.ts'

export const check: Command = {
  name: 'check',
  summary: 'what every statement locks, rewrites and breaks, and what to do instead',
  description:
    'Needs no database: the history is replayed in a private PostgreSQL and what is pending is run there. A database, where given, is only read: for sizes, its version and what is applied already.',
  arguments: [{ name: '[path...]', description: 'folders of migrations, or single ones; - for standard input' }],
  options: [
    ...targetFlags,
    flags.server,
    flags.shadowUrl,
    flags.noSandbox,
    flags.since,
    flags.stats,
    flags.writeStats,
    flags.failOn,
    flags.style,
    flags.format,
    flags.json,
  ],
  async run(invocation, context) {
    const { options } = invocation
    const workspace = await openWorkspace(invocation, context)
    const { checkMigrations } = await import('../../verbs/check.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const report = await checkMigrations({ ...(await verbOptions(invocation, context, workspace)), sandboxUrl: throwAway.url })
    const { checkJson, checkText } = await import('../../report/check.ts')
    const json = options.json === true || options.format === 'json'
    context.stdout.write(json ? checkJson(report) : checkText(context, report))
    return failing(report, options.failOn ?? workspace.config.failOn ?? 'error') ? 2 : 0
  },
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
    }),
  }
}

async function connectionFor(wanted: Pick<Workspace, 'config'> & Pick<Invocation, 'options'>, context: Context) {
  const { stats, writeStats } = wanted.options
  if (writeStats === undefined) return await findConnection(wanted, context)
  if (stats !== undefined) throw new LockkeeperError('usage', '--stats reads a file and --write-stats makes one: give one of them.')
  return await needConnection(wanted, context)
}

function failing({ summary }: CheckReport, failOn: FailOn): boolean {
  switch (failOn) {
    case 'error':
      return summary.errors > 0
    case 'warning':
      return summary.errors + summary.warnings > 0
    case 'never':
      return false
  }
}
