import type { CheckReport } from '../../model/verdict.ts'
import type { Command } from '../command.ts'
import { findConnection } from '../connection.ts'
import type { FailOn } from '../options.ts'
import { flags, parseServer, targetFlags } from '../options.ts'
import { openWorkspace } from '../workspace.ts'

export const check: Command = {
  name: 'check',
  summary: 'what every statement locks, rewrites and breaks, and what to do instead',
  description: 'Needs no database: the history is replayed in a private PostgreSQL and what is pending is run there. A database, where given, is only read: for sizes, its version and what is applied already.',
  arguments: [{ name: '[path...]', description: 'folders of migrations, or single ones; - for standard input' }],
  options: [...targetFlags, flags.server, flags.shadowUrl, flags.since, flags.failOn, flags.format, flags.json],
  async run(invocation, context) {
    const { options } = invocation
    const { config, where } = await openWorkspace(invocation, context)
    const { checkMigrations } = await import('../../verbs/check.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const connection = await findConnection({ options, config }, context)
    const server = options.server ?? (config.server === undefined ? undefined : parseServer(config.server))
    const schema = options.schema ?? config.schema ?? connection?.schema
    const shadowUrl = options.shadowUrl ?? config.shadowUrl
    const report = await checkMigrations({
      root: context.cwd,
      paths: invocation.arguments.length > 0 ? invocation.arguments : where.path === undefined ? [] : [where.path],
      standardInput: context.readStandardInput,
      sandboxUrl: throwAway.url,
      signal: context.signal,
      today: new Date().toISOString().slice(0, 10),
      ...(where.source === undefined ? {} : { source: where.source }),
      ...(options.since === undefined ? {} : { since: options.since }),
      ...(connection === undefined ? {} : { connection }),
      ...(config.project === undefined ? {} : { project: config.project }),
      ...(server === undefined ? {} : { server }),
      ...(schema === undefined ? {} : { schema }),
      ...(shadowUrl === undefined ? {} : { shadowUrl }),
    })
    const { checkJson, checkText } = await import('../../report/check.ts')
    const json = options.json === true || options.format === 'json'
    context.stdout.write(json ? checkJson(report) : checkText(context, report))
    return failing(report, options.failOn ?? config.failOn ?? 'error') ? 2 : 0
  },
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
