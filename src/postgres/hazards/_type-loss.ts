import type { TypeShape } from '../facts/type-shape.ts'

/** What happens to a value that the new type cannot hold: the server refuses it, rounds it, or a cast in USING cuts it. */
export type Loss = 'refused' | 'rounded' | 'cut'

/** Undefined where every value fits, and for types of which nothing is known here. `using`: the values go through an explicit cast. */
export function lossOf(from: TypeShape, to: TypeShape, using: boolean): Loss | undefined {
  if (from.array || to.array) return undefined
  if (isText(from.base) && isText(to.base)) return textLoss(from, to, using)
  if (isTime(from.base) && isTime(to.base)) return timeLoss(from, to)
  return isNumber(from.base) && isNumber(to.base) ? numberLoss(from, to) : undefined
}

const isText = (base: string) => base === 'text' || base === 'character varying' || base === 'character'
const isTime = (base: string) => base.startsWith('timestamp') || base === 'date'
const isNumber = (base: string) => base === 'numeric' || integers.has(base) || floats.has(base)

// An assignment refuses what is too long, a cast cuts it (SQL standard; measured).
function textLoss(from: TypeShape, to: TypeShape, using: boolean): Loss | undefined {
  if (limitOf(to) >= limitOf(from)) return undefined
  return using ? 'cut' : 'refused'
}

function limitOf({ base, modifiers: [limit] }: TypeShape): number {
  return limit ?? (base === 'character' ? 1 : Infinity)
}

// A second has six digits at most.
function timeLoss(from: TypeShape, to: TypeShape): Loss | undefined {
  if (from.base === 'date') return undefined
  return to.base === 'date' || (to.modifiers[0] ?? 6) < (from.modifiers[0] ?? 6) ? 'rounded' : undefined
}

function numberLoss(from: TypeShape, to: TypeShape): Loss | undefined {
  if (floats.has(to.base)) return bitsOf(from) > bitsOf(to) ? 'rounded' : undefined
  if (floats.has(from.base)) return integers.has(to.base) || to.modifiers.length > 0 ? 'rounded' : undefined
  const [before, after] = [digitsOf(from), digitsOf(to)]
  if (after.decimals < before.decimals) return 'rounded'
  return after.whole < before.whole ? 'refused' : undefined
}

/** Decimal digits of the largest value. */
const integers: ReadonlyMap<string, number> = new Map([
  ['smallint', 5],
  ['integer', 10],
  ['bigint', 19],
])

/** Bits of the mantissa. */
const floats: ReadonlyMap<string, number> = new Map([
  ['real', 24],
  ['double precision', 53],
])

function bitsOf({ base }: TypeShape): number {
  const digits = integers.get(base)
  return floats.get(base) ?? (digits === undefined ? Infinity : digits * bitsPerDigit)
}

/** log2(10), rounded so that int fits double and smallint fits real. */
const bitsPerDigit = 3.3

// numeric without a limit holds any number of either.
function digitsOf({ base, modifiers: [precision = Infinity, scale = Infinity] }: TypeShape) {
  const whole = integers.get(base)
  if (whole !== undefined) return { whole, decimals: 0 }
  return { whole: precision === Infinity ? Infinity : precision - scale, decimals: scale }
}
