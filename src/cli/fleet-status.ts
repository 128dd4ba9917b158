import { readFleet, retryFleet } from '../fleet/read-fleet.ts'
import type { Session } from '../model/session.ts'
import { fleetText } from '../report/fleet.ts'
import { count } from '../report/style.ts'
import { throwAwayDatabases } from '../verbs/throw-away.ts'
import type { Context, Invocation } from './command.ts'
import { controlDatabase, printControl } from './fleet-control.ts'
import { applyIdentity, backfillFleet } from './fleet-identity.ts'
import { printReport } from './fleet-print.ts'
import { confirmed } from './recording.ts'
import type { Workspace } from './workspace.ts'
import { loadWorkspace } from './workspace.ts'

interface Asked {
  readonly invocation: Invocation
  readonly context: Context
  readonly workspace: Workspace
}

/** How far a fleet is, from the control database alone: no target is asked. */
export async function fleetStatus(asked: Asked): Promise<number> {
  const name = await nameOf(asked)
  await using session = await openControl(asked)
  return await printFleet(asked, { session, name, verb: 'status' })
}

/** Failed and skipped targets become pending again; machines at work take them, or whoever runs the fleet next does. */
export async function fleetRetry(asked: Asked): Promise<number> {
  const { invocation, context } = asked
  const name = await nameOf(asked)
  await using session = await openControl(asked)
  if (!(await confirmed(invocation, context, `Make what failed or was skipped in the fleet ${name} pending again?`))) return 1
  const reset = await retryFleet(session, name)
  context.stderr.write(`${count(reset, 'target')} pending again.\n`)
  return await printFleet(asked, { session, name, verb: 'retry' })
}

async function openControl({ invocation, context, workspace: { config } }: Asked): Promise<Session> {
  const control = await controlDatabase({ invocation, context, config })
  const session = await control.open()
  printControl(context, session)
  return session
}

/** The name is given, or it is that of the backfill or the folder: only for the last the migrations are read. */
async function nameOf({ invocation, context, workspace }: Asked): Promise<string> {
  const { name, backfill } = invocation.options
  if (name !== undefined) return name
  if (backfill !== undefined) return backfillFleet(backfill)
  await using throwAway = throwAwayDatabases(context.signal)
  const loaded = await loadWorkspace(workspace, context, throwAway)
  return applyIdentity({ invocation, config: workspace.config }, loaded).name
}

interface Printing {
  readonly session: Session
  readonly name: string
  readonly verb: string
}

async function printFleet(asked: Asked, { session, name, verb }: Printing): Promise<number> {
  return printReport(asked, verb, { report: await readFleet(session, name), text: fleetText })
}
