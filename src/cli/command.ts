import type { OptionSpec } from './option-spec.ts'
import type { Options } from './options.ts'

/** Where text goes: a terminal, a pipe, or a test's array. */
export interface Output {
  write(text: string): void
  readonly isTerminal: boolean
}

/** All that a command may know of the world; only main.ts fills it from `process`. */
export interface Context {
  readonly cwd: string
  readonly env: { readonly [name: string]: string | undefined }
  /** Results. */
  readonly stdout: Output
  /** Progress, questions and errors. */
  readonly stderr: Output
  /** Columns to wrap text at, 40 to 120. */
  readonly width: number
  readonly color: boolean
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Hears SIGUSR2, by which a backfill is paused and let go on; undefined where there are no signals. Gives how to stop hearing. */
  readonly onPauseSignal?: (listener: () => void) => () => void
  /** Asks a yes-or-no question; undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined
  readonly readStandardInput: () => Promise<Uint8Array>
}

export interface ArgumentSpec {
  /** As commander writes it: `[path]`, `<rule>`, `[path...]`. */
  readonly name: string
  readonly description: string
}

export interface Invocation {
  readonly arguments: readonly string[]
  readonly options: Options
}

/** One command of the command line: one file in `commands/`. Its module imports what it needs only when it runs, so that --help is fast. */
export interface Command {
  readonly name: string
  /** One line, for the list in --help. */
  readonly summary: string
  /** What --help of the command says below its usage. */
  readonly description?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  /** Resolves with the exit status (docs/cli.md); errors are LockkeeperErrors. */
  run(invocation: Invocation, context: Context): Promise<number>
}
