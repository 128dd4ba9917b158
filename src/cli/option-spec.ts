/** One flag of a command. */
export interface OptionSpec {
  /** As commander writes it: `--to <name>`. */
  readonly flags: string
  readonly description: string
  readonly choices?: readonly string[]
  /** May be given several times; the values are collected. */
  readonly repeatable?: boolean
  /** Text to value; throws `usage` naming what it wants. */
  readonly parse?: (text: string) => unknown
}
