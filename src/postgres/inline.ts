import { scan } from './parse.ts'
import { postgresDialect } from './quote.ts'

/**
 * A statement with its $1, $2 as literals. Each becomes what `pg` would have sent for it: a text of no type, which the server
 * reads as it reads a parameter of no type. Undefined where a value has no such text (arrays, streams).
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
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return postgresDialect.literal(String(value))
  if (value instanceof Date) return postgresDialect.literal(value.toISOString())
  if (value instanceof Uint8Array) return postgresDialect.literal(`\\x${Buffer.from(value).toString('hex')}`)
  return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
    ? postgresDialect.literal(JSON.stringify(value))
    : undefined
}
