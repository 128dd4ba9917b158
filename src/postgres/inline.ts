import { scan } from './parse.ts'
import { postgresDialect } from './quote.ts'

/**
 * A statement with its $1, $2 as literals. Each becomes what `pg` would have sent for it: a text of no type, which the server
 * reads as it reads a parameter of no type. Undefined where a value has no such text (a stream, a function).
 */
export function inline(sql: string, parameters: readonly unknown[]): string | undefined {
  if (parameters.length === 0) return sql
  const texts = parameters.map(literalOf)
  const places = scan(sql).filter(({ kind }) => kind === 'PARAM')
  const bytes = Buffer.from(sql, 'utf8')
  let [made, from] = ['', 0]
  for (const { start, end, text } of places) {
    const value = texts[Number(text.slice(1)) - 1]
    if (value === undefined) return undefined
    made += bytes.toString('utf8', from, start) + value
    from = end
  }
  return made + bytes.toString('utf8', from)
}

function literalOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'NULL'
  const text = textIfAny(value)
  return text === undefined ? undefined : postgresDialect.literal(text)
}

/** A date that is none, what holds itself and a bigint within an object throw, in pg too. */
function textIfAny(value: unknown): string | undefined {
  try {
    return Array.isArray(value) ? arrayText(value) : textOf(value)
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? JSON.stringify(value)
    : undefined
}

/** `{"a","b",NULL,{...}}`, as pg writes an array. */
function arrayText(value: readonly unknown[]): string | undefined {
  const parts = value.map(elementText)
  return parts.includes(undefined) ? undefined : `{${parts.join(',')}}`
}

function elementText(value: unknown): string | undefined {
  if (Array.isArray(value)) return arrayText(value)
  if (value === null || value === undefined) return 'NULL'
  const text = textOf(value)
  return text === undefined ? undefined : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
