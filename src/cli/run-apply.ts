import { applyFlags } from './apply-flags.ts'
import type { Context, Invocation } from './command.ts'
import type { OptionSpec } from './option-spec.ts'
import { needConnection } from './connection.ts'
import { contractFlags } from './contract-flags.ts'
import { flags, targetFlags } from './options.ts'
import { loadWorkspace, openWorkspace } from './workspace.ts'

/** The flags of `apply`, under whatever name it is called. */
export const applyOptions: readonly OptionSpec[] = [
  ...targetFlags,
  flags.plan,
  flags.complete,
  ...contractFlags,
  flags.replicaUrl,
  ...applyFlags,
]

/** See docs/cli.md, `lockkeeper apply`; the exit status. */
export async function runApply(invocation: Invocation, context: Context): Promise<number> {
  const { options } = invocation
  const workspace = await openWorkspace(invocation, context)
  const { config } = workspace
  const connection = await needConnection({ options, config }, context)
  const { throwAwayDatabases } = await import('../verbs/throw-away.ts')
  const { applyPending } = await import('./apply-pending.ts')
  await using throwAway = throwAwayDatabases(context.signal)
  const loaded = await loadWorkspace(workspace, context, throwAway)
  return await applyPending({ invocation, context, config, connection, loaded })
}
