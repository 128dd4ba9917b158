import type { Estimate } from '../model/statistics.ts'
import type { Style } from './style.ts'
import { duration, printable, wrap } from './style.ts'

/** `  about 4 s to 11 s at 1.2 GB, 12,000,000 rows (statistics of 3 hours ago)`; nothing where there is no estimate. */
export function estimateText(style: Style, estimate: Estimate | undefined): string {
  if (estimate === undefined) return ''
  const { lowMs, highMs, basis } = estimate
  return wrap(style, '  ', printable(`works ${spanText(lowMs, highMs)} at ${basis}`))
}

function spanText(lowMs: number, highMs: number): string {
  const [low, high] = [duration(lowMs), duration(highMs)]
  if (low === high) return `about ${high}`
  return lowMs === 0 ? `up to about ${high}` : `about ${sharedUnit(low, high) ?? low} to ${high}`
}

/** `4` of `4 s`, where the other is in seconds too. */
function sharedUnit(low: string, high: string): string | undefined {
  const [amount, unit, more] = low.split(' ')
  return more === undefined && high.split(' ').length === 2 && high.endsWith(` ${unit}`) ? amount : undefined
}
