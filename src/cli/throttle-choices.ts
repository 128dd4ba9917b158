import { readThrottle, type ThrottleChoice } from '../verbs/throttles.ts'
import type { Config } from './define-config.ts'
import type { Options } from './options.ts'

/** Those of the configuration, save where the command line has one of the same id; --max-lag is `replica-lag` by its shorter name. */
export function throttleChoices(options: Options, config: Config): readonly ThrottleChoice[] {
  const flags = [...(options.throttle ?? []), ...(options.maxLag === undefined ? [] : [`replica-lag=${options.maxLag}`])].map(readThrottle)
  const file = Object.entries(config.throttles ?? {}).map(([id, value]) => readThrottle(`${id}=${value}`))
  return [...file.filter(({ kind }) => !flags.some((flag) => flag.kind.id === kind.id)), ...flags]
}
