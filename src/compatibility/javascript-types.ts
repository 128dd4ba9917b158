// What node-postgres makes of a value by the name of its type (pg-types 2); whatever is not listed comes as a string.
const made: { readonly [type: string]: string } = {
  'smallint': 'a number',
  'integer': 'a number',
  'oid': 'a number',
  'real': 'a number',
  'double precision': 'a number',
  'boolean': 'a boolean',
  'date': 'a Date',
  'timestamp without time zone': 'a Date',
  'timestamp with time zone': 'a Date',
  'interval': 'an object',
  'json': 'a parsed value',
  'jsonb': 'a parsed value',
  'bytea': 'a Buffer',
  'point': 'an object',
}

/** What JavaScript notices of a changed type; undefined where it gets the same kind of value. */
export function meaningOf(before: string, after: string): string | undefined {
  const [was, is] = [before, after].map(kindOf)
  if (was === undefined || is === undefined || was === is) return undefined
  const prisma = after === 'bigint' ? ', Prisma a BigInt' : ''
  return `pg gives ${is} instead of ${was}${prisma}`
}

function kindOf(type: string): string {
  const plain = type.replaceAll(/\(\d+(?:,-?\d+)?\)/g, '').trim()
  if (plain.endsWith('[]')) return 'an array'
  return made[plain] ?? 'a string'
}
