import { constantText } from './tree.ts'
import type { VariableSetStmt } from './node.ts'

export interface TimeoutSet {
  readonly name: string
  /** 0 is none; undefined where it goes back to what the server has. */
  readonly ms: number | undefined
}

/** The timeout that a SET or RESET is about. */
export function timeoutSet({ name = '', kind, args }: VariableSetStmt): TimeoutSet | undefined {
  if (!isTimeout(name)) return undefined
  const [value] = args ?? []
  const integer = value !== undefined && 'A_Const' in value ? value.A_Const.ival : undefined
  const ms = integer === undefined ? milliseconds(constantText(value) ?? '') : (integer.ival ?? 0)
  return { name, ms: kind === 'VAR_SET_VALUE' ? ms : undefined }
}

export function isTimeout(name: string): boolean {
  return ['lock_timeout', 'statement_timeout', 'transaction_timeout'].includes(name)
}

/** `2s`, `500 ms`, `1min`, or a number of milliseconds. */
export function milliseconds(text: string): number | undefined {
  const [, digits, unit = 'ms'] = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(text) ?? []
  return digits === undefined ? undefined : Math.round(Number(digits) * (units[unit] ?? 1))
}

/** The units of guc.c. */
const units: { readonly [unit: string]: number } = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
