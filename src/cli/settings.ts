import type { Config } from './define-config.ts'
import type { Options, Window } from './options.ts'
import { parseDuration, parseWindow } from './options.ts'

/** What governs a run, after flags, file and defaults. Times in milliseconds. */
export interface Settings {
  readonly lockBudgetMs: number
  readonly statementTimeoutMs: number
  readonly maxLockWaitMs: number
  readonly maxAttempts: number | undefined
  readonly runLockTimeoutMs: number
  readonly allowed: readonly string[]
  readonly window: Window | undefined
}

/** The longest that anyone may wait behind us: a tenth of a second is below what a person notices. */
const lockBudgetMs = 100
/** A statement under a strong lock changes only the catalog; what takes longer than this was misjudged and must stop. */
const statementTimeoutMs = 30_000
/** Long enough for a nightly report to end. */
const maxLockWaitMs = 30 * 60_000

/** Flags win over the file. */
export function settingsOf(options: Options, config: Config): Settings {
  return {
    lockBudgetMs: options.lockTimeout ?? time(config.lockTimeout) ?? lockBudgetMs,
    statementTimeoutMs: options.statementTimeout ?? time(config.statementTimeout) ?? statementTimeoutMs,
    maxLockWaitMs: options.maxLockWait ?? time(config.maxLockWait) ?? maxLockWaitMs,
    maxAttempts: options.maxAttempts ?? config.maxAttempts,
    runLockTimeoutMs: options.runLockTimeout ?? time(config.runLockTimeout) ?? 0,
    allowed: [...(config.allow ?? []), ...(options.allow ?? [])],
    window: options.window ?? (config.window === undefined ? undefined : parseWindow(config.window)),
  }
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text)
}
