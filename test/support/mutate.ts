/** Numbers that seem random and are the same for the same seed. */
export interface Chance {
  /** A whole number from 0 up to, and not including, this one. */
  below(limit: number): number
}

/** mulberry32: 32 bits of state, good enough to choose by. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
    },
  }
}

/** One text of the corpus after one to four changes; now and then one that is not changed. */
export function mutated(corpus: readonly Buffer[], chance: Chance): Buffer {
  let input = pick(corpus, chance)
  for (let left = chance.below(5); left > 0; left -= 1) input = pick(mutations, chance)({ input, corpus, chance })
  return input
}

/** A value of JSON with another one somewhere within it, or without something: what can be read, but was not written so. */
export function changedWithin(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.below(5) === 0) return pick(values, chance)
  const keys = Object.keys(value)
  const key = keys[chance.below(keys.length)]
  if (key === undefined) return pick(values, chance)
  const goes = chance.below(6) === 0
  const kept = Object.entries(value).flatMap(([each, inner]: [string, unknown]) =>
    each !== key ? [[each, inner] as const] : goes ? [] : [[each, changedWithin(inner, chance)] as const],
  )
  return Array.isArray(value) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept)
}

/** 1e999 is a number to JSON, and infinite to us. */
const values: readonly unknown[] = [null, true, 0, -1, 0.5, Infinity, '', 'x', '\0', [], {}, [null], [[1]], { kind: 'sql' }]

interface Change {
  readonly input: Buffer
  readonly corpus: readonly Buffer[]
  readonly chance: Chance
}

type Mutation = (change: Change) => Buffer

const mutations: readonly Mutation[] = [
  flipped,
  replaced(() => Buffer.of()),
  replaced((part, chance) => Buffer.concat(Array.from({ length: 2 + chance.below(4) }, () => part))),
  spliced,
  swapped,
  replaced((part, chance) => Buffer.concat([part, Buffer.from(pick(oddities, chance))])),
  replaced((part, chance) => Buffer.concat([Buffer.from(pick(words, chance)), part])),
  otherWord,
  nested,
]

/** What texts are not expected to hold: a NUL, a mark, turned text, half a character, numbers at the edge. */
const oddities = [
  '\0',
  '\uFEFF',
  '\u202E',
  '\u{1F600}',
  'é',
  '\r',
  '\u2028',
  '\\',
  '$$',
  '--',
  '/*',
  '*/',
  "'",
  '"',
  ';',
  ':',
  '9999999999999999999',
  '-1',
  '1e999',
  '{',
  '}',
  '[',
  ']',
  ',',
]

const words = [
  'NOT ',
  'NULL ',
  'CONCURRENTLY ',
  'IF EXISTS ',
  'ONLY ',
  'CASCADE ',
  'VALID ',
  'USING ',
  'DEFAULT ',
  '"a b".',
  'public.',
  'pg_temp.',
  'BEGIN; ',
  'COMMIT; ',
  'ROLLBACK; ',
  'SELECT ',
  '(',
  ')',
  ' AS ',
  '::text ',
  '-- lockkeeper-ignore x: y\n',
  'true',
  'null',
  '[]',
  '{}',
  '""',
  '__proto__',
  'constructor',
]

function flipped({ input, chance }: Change): Buffer {
  if (input.length === 0) return input
  const changed = Buffer.from(input)
  changed[chance.below(changed.length)] = chance.below(256)
  return changed
}

function replaced(by: (part: Buffer, chance: Chance) => Buffer): Mutation {
  return ({ input, chance }) => {
    const from = chance.below(input.length + 1)
    const to = Math.min(from + chance.below(30), input.length)
    return Buffer.concat([input.subarray(0, from), by(input.subarray(from, to), chance), input.subarray(to)])
  }
}

function spliced({ input, corpus, chance }: Change): Buffer {
  const other = pick(corpus, chance)
  return Buffer.concat([input.subarray(0, chance.below(input.length + 1)), other.subarray(chance.below(other.length + 1))])
}

function swapped({ input, chance }: Change): Buffer {
  const tokens = tokensOf(input)
  const [one, other] = [chance.below(tokens.length + 1), chance.below(tokens.length + 1)]
  return joined(tokens.map((token, at) => (at === one ? (tokens[other] ?? token) : at === other ? (tokens[one] ?? token) : token)))
}

/** A word in the place of another, so that more of what comes out can be parsed. */
function otherWord({ input, corpus, chance }: Change): Buffer {
  const tokens = tokensOf(input)
  const other = pick(tokensOf(pick(corpus, chance)), chance)
  const at = chance.below(tokens.length)
  return joined(tokens.map((token, place) => (place === at ? other : token)))
}

function nested({ input, chance }: Change): Buffer {
  const [open = '', close = ''] = pick(brackets, chance)
  const depth = chance.below(40) === 0 ? 20_000 : 1 + chance.below(400)
  const at = chance.below(input.length + 1)
  return Buffer.concat([input.subarray(0, at), Buffer.from(open.repeat(depth)), Buffer.from(close.repeat(depth)), input.subarray(at)])
}

const brackets = [
  ['(', ')'],
  ['[', ']'],
  ['{"a":', '}'],
  ['/*', '*/'],
  ['(SELECT ', ')'],
  ['1+', ''],
  ['NOT ', ''],
  ['x', ''],
  [' ', ''],
  ['a,', ''],
  ['\n', ''],
  [' UNION SELECT 1', ''],
  ['::int', ''],
  ['- ', ''],
] as const

const tokensOf = (input: Buffer): readonly string[] => input.toString('latin1').match(/\w+|\s+|[^\w\s]/g) ?? ['']
const joined = (tokens: readonly string[]): Buffer => Buffer.from(tokens.join(''), 'latin1')

function pick<Item>(items: readonly Item[], chance: Chance): Item {
  const item = items[chance.below(items.length)]
  if (item === undefined) throw new RangeError('There is nothing to pick from.')
  return item
}
