import type { OptionSpec } from './option-spec.ts'
import { flags } from './options.ts'

/** What governs an apply, in one database or in many. */
export const applyFlags: readonly OptionSpec[] = [
  flags.to,
  flags.allow,
  flags.window,
  flags.lockTimeout,
  flags.statementTimeout,
  flags.maxLockWait,
  flags.throttle,
  flags.maxLag,
  flags.triggers,
  flags.workers,
  flags.maxAttempts,
  flags.runLockTimeout,
  flags.terminateOrphan,
  flags.events,
  flags.dryRun,
  flags.yes,
  flags.format,
  flags.json,
]
