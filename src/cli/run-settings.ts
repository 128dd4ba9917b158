import type { Listener } from '../model/event.ts'
import type { RunOptions } from '../run/options.ts'
import { present } from '../std/present.ts'
import type { Context } from './command.ts'
import type { Config } from './define-config.ts'
import type { Options } from './options.ts'
import { settingsOf } from './settings.ts'
import { version } from './version.ts'

/** A failover or a restart of the server takes a minute or two. */
const reconnectMs = 120_000

interface Given {
  readonly options: Options
  readonly config: Config
  readonly context: Context
  readonly listener: Listener
}

/** What a run is told by flags and file, save its database and plan. */
export function runSettings({
  options,
  config,
  context,
  listener,
}: Given): Omit<RunOptions, 'engine' | 'connect' | 'plan' | 'migrations' | 'history'> {
  const { lockBudgetMs, maxLockWaitMs, maxAttempts, runLockTimeoutMs, allowed, window } = settingsOf(options, config)
  return {
    lockBudgetMs,
    maxLockWaitMs,
    runLockTimeoutMs,
    reconnectMs,
    allowed,
    terminateOrphan: options.terminateOrphan === true,
    toolVersion: version(),
    signal: context.signal,
    listener,
    ...present({ maxAttempts, window }),
  }
}
