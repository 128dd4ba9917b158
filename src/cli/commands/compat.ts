import type { Server } from '../../model/server.ts'
import { present } from '../../std/present.ts'
import type { CompatibilityOptions } from '../../verbs/compatibility.ts'
import type { Command, Context, Invocation } from '../command.ts'
import { compatFlags } from '../compat-flags.ts'
import { findConnection, isAskedFor, needConnection } from '../connection.ts'
import { flags, parseServer, targetFlags } from '../options.ts'
import { settingsOf } from '../settings.ts'
import { openWorkspace, type Workspace } from '../workspace.ts'

export const compat: Command = {
  name: 'compat',
  summary: 'which queries of the application break, before, between and after the steps of a migration',
  description:
    'Prepares every query that the application makes on the schema before what is pending, after apply, and after complete, in a private PostgreSQL. The queries are those that the database has counted (pg_stat_statements, only read), or those of a file or a log.',
  arguments: [{ name: '[path...]', description: 'the folder of the migrations, or those that count as pending' }],
  options: [
    ...targetFlags,
    compatFlags.queries,
    compatFlags.log,
    compatFlags.newQueries,
    compatFlags.phase,
    flags.server,
    flags.shadowUrl,
    flags.since,
    flags.allow,
    flags.failOn,
    flags.format,
    flags.json,
  ],
  async run(invocation, context) {
    const { options } = invocation
    const workspace = await openWorkspace(invocation, context)
    const { compatibility } = await import('../../verbs/compatibility.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const report = await compatibility({ ...(await verbOptions(invocation, context, workspace)), sandboxUrl: throwAway.url })
    const { compatJson, compatText } = await import('../../report/compat.ts')
    const { failsOn } = await import('../../compatibility/report.ts')
    const asJson = options.json === true || options.format === 'json'
    context.stdout.write(asJson ? compatJson(report) : compatText(context, report))
    return failsOn(report, options.failOn ?? workspace.config.failOn ?? 'error', options.phase ?? 'all') ? 2 : 0
  },
}

async function verbOptions(invocation: Invocation, context: Context, { config, where }: Workspace): Promise<CompatibilityOptions> {
  const { options } = invocation
  const wanted = { options, config }
  const given = [options.queries, options.log, options.newQueries].some((file) => file !== undefined)
  const connection = given ? await findConnection(wanted, context) : await needConnection(wanted, context)
  const schema = options.schema ?? config.schema ?? connection?.schema
  return {
    root: context.cwd,
    paths: invocation.arguments.length > 0 ? invocation.arguments : [where.path ?? []].flat(),
    standardInput: context.readStandardInput,
    signal: context.signal,
    connectionOptional: given && !isAskedFor(wanted),
    allowed: settingsOf(options, config).allowed,
    ...present({
      connection,
      source: where.source,
      since: options.since,
      project: config.project,
      queriesFile: options.queries,
      logFile: options.log,
      newQueriesFile: options.newQueries,
      server: serverOf(wanted),
      schema,
      shadowUrl: options.shadowUrl ?? config.shadowUrl,
    }),
  }
}

function serverOf({ options, config }: Pick<Invocation, 'options'> & Pick<Workspace, 'config'>): Server | undefined {
  return options.server ?? (config.server === undefined ? undefined : parseServer(config.server))
}
