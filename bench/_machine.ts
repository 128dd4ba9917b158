import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'

/** Where the figures were measured. */
export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryBytes: number
  readonly platform: string
  readonly node: string
}

export function thisMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.version,
  }
}
