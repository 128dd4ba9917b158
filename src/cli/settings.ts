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

const defaultsMs = {
  /** The longest that anyone may wait behind us: a tenth of a second is below what a person notices. */
  lockTimeout: 100,
  /** A statement under a strong lock changes only the catalog; what takes longer than this was misjudged and must stop. */
  statementTimeout: 30_000,
  /** Long enough for a nightly report to end. */
  maxLockWait: 30 * 60_000,
  runLockTimeout: 0,
} as const

/** Flags win over the file. */
export function settingsOf(options: Options, config: Config): Settings {
  const time = (name: keyof typeof defaultsMs) => options[name] ?? timeIn(config[name]) ?? defaultsMs[name]
  return {
    lockBudgetMs: time('lockTimeout'),
    statementTimeoutMs: time('statementTimeout'),
    maxLockWaitMs: time('maxLockWait'),
    maxAttempts: options.maxAttempts ?? config.maxAttempts,
    runLockTimeoutMs: time('runLockTimeout'),
    allowed: [...(config.allow ?? []), ...(options.allow ?? [])],
    window: options.window ?? (config.window === undefined ? undefined : parseWindow(config.window)),
  }
}

function timeIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text)
}
