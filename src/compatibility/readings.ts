/** A statement as it can be prepared: pg_stat_statements puts $1 where a constant stood, and not every such text is SQL. */
export interface Reading {
  readonly sql: string
  /** OIDs for the parameters; 0 and what is missing: the server finds out. */
  readonly types: readonly number[]
}

const text = 25
const int4 = 23

/** The text without what only normalisation can have made of it; undefined where there is nothing of the kind. For 42601. */
export function withTypedConstants({ sql, types }: Reading): Reading | undefined {
  const fields: number[] = []
  const better = sql.replaceAll(typedConstant, '$3::$1$2').replaceAll(extracted, (_, parameter: string) => {
    fields.push(Number(parameter))
    return "'epoch'"
  })
  if (better === sql) return undefined
  return { sql: better, types: fields.reduce((known, parameter) => withType(known, parameter, text), types) }
}

const names = 'interval|date|timestamptz|timestamp|timetz|time|uuid|jsonb|json|inet|cidr|numeric|bytea|point|bit'
/** `interval $1` was `interval '1 day'`. */
const typedConstant = new RegExp(String.raw`\b(${names})(\s+(?:with|without)\s+time\s+zone)?\s+(\$\d+)`, 'gi')
/** `extract($1 from` was `extract(epoch from`; which field it was changes no type. */
const extracted = /(?<=\bextract\s*\(\s*)\$(\d+)(?=\s+from\b)/gi

/** With a type for the parameter that the server's message names. For 42P18. */
export function withTextFor({ sql, types }: Reading, message: string): Reading | undefined {
  const parameter = Number(/\$(\d+)/.exec(message)?.[1])
  if (!(parameter > 0) || (types[parameter - 1] ?? 0) !== 0) return undefined
  return { sql, types: withType(types, parameter, text) }
}

/** Beyond so many the ways to choose some of them are too many. */
const mostParameters = 6

/** With some parameters as whole numbers, the fewest first: `sum(case when paid then $1 else $2 end)`. For 42883, 42725 and 42804. */
export function withNumbers({ sql, types }: Reading): readonly Reading[] {
  const parameters = parametersOf(sql).filter((parameter) => (types[parameter - 1] ?? 0) === 0)
  if (parameters.length > mostParameters) return []
  const choices = Array.from({ length: 2 ** parameters.length - 1 }, (_, n) => parameters.filter((__, at) => ((n + 1) & (1 << at)) !== 0))
  return choices
    .toSorted((a, b) => a.length - b.length)
    .map((chosen) => ({ sql, types: chosen.reduce<readonly number[]>((known, parameter) => withType(known, parameter, int4), types) }))
}

const mostPairs = 40

/**
 * With one parameter for another, or for a constant that was left: `select date_trunc($1, at) ... group by date_trunc($2, at)` are one
 * expression. For 42803.
 */
export function withEquals({ sql, types }: Reading): readonly Reading[] {
  const parameters = parametersOf(sql)
  const constants = [...new Set(sql.match(/'(?:[^']|'')*'|\b\d+\b(?!\s*::)/g) ?? [])].filter((one) => one.startsWith("'"))
  const pairs = parameters.flatMap((parameter) => [
    ...parameters.filter((other) => other < parameter).map((other) => [parameter, `$${other}`] as const),
    ...constants.map((constant) => [parameter, constant] as const),
  ])
  return pairs.slice(0, mostPairs).map(([parameter, other]) => ({
    sql: sql.replaceAll(new RegExp(String.raw`\$${parameter}(?!\d)`, 'g'), () => other),
    types: withType(types, parameter, knownType(types, parameter) ?? text),
  }))
}

function parametersOf(sql: string): readonly number[] {
  return [...new Set((sql.match(/\$\d+/g) ?? []).map((parameter) => Number(parameter.slice(1))))].toSorted((a, b) => a - b)
}

function knownType(types: readonly number[], parameter: number): number | undefined {
  const type = types[parameter - 1]
  return type === 0 ? undefined : type
}

function withType(types: readonly number[], parameter: number, type: number): readonly number[] {
  return Array.from({ length: Math.max(types.length, parameter) }, (_, at) => (at === parameter - 1 ? type : (types[at] ?? 0)))
}
