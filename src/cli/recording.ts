import { present } from '../std/present.ts'
import type { RecordOptions } from '../verbs/record.ts'
import { openTarget } from '../verbs/target.ts'
import type { Context, Invocation } from './command.ts'
import { needConnection } from './connection.ts'
import { settingsOf } from './settings.ts'
import { printTarget } from './target-line.ts'
import { version } from './version.ts'
import type { Workspace } from './workspace.ts'

/** What the commands that change records have in common: the target is named first, then they act. */
export async function recordOptions(
  invocation: Invocation,
  context: Context,
  workspace: Workspace,
): Promise<Omit<RecordOptions, 'loaded'>> {
  const { options } = invocation
  const connection = await needConnection({ options, config: workspace.config }, context)
  const engine = await lookAt(context, connection)
  return {
    engine,
    connection,
    toolVersion: version(),
    runLockTimeoutMs: settingsOf(options, workspace.config).runLockTimeoutMs,
    terminateOrphan: options.terminateOrphan === true,
    signal: context.signal,
    ...present({ project: workspace.config.project }),
  }
}

async function lookAt(context: Context, connection: RecordOptions['connection']): Promise<RecordOptions['engine']> {
  await using target = await openTarget(connection)
  printTarget(context, target.session, connection.role)
  return target.engine
}

/** Asks on a terminal where --yes was not given; elsewhere the command line itself is the consent. */
export async function confirmed(invocation: Invocation, context: Context, question: string): Promise<boolean> {
  if (invocation.options.yes === true || context.ask === undefined) return true
  const yes = await context.ask(question)
  if (!yes) context.stderr.write('Nothing was changed.\n')
  return yes
}
