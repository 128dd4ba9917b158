import type { Recorded } from './_code-protocol.ts'

type Assumed = Recorded['assumptions'][number]

/**
 * The reads of the catalog that two runs on two databases made alike. Fields that differ between them (OIDs, the name of the database) say
 * nothing of the schema and are left out of the rows; a read of which nothing is left is no assumption. Undefined where the reads themselves differ.
 */
export function agreed(first: readonly Assumed[], second: readonly Assumed[]): readonly Assumed[] | undefined {
  if (first.length !== second.length) return undefined
  const both = first.map((read, at) => agreedRead(read, second[at]))
  if (both.some((read) => read === undefined)) return undefined
  return both.filter((read): read is Assumed => read !== undefined && (read.rows.length === 0 || read.rows.some(holdsSomething)))
}

function agreedRead(first: Assumed, second: Assumed | undefined): Assumed | undefined {
  if (second === undefined || first.sql !== second.sql || first.rows.length !== second.rows.length) return undefined
  return { ...first, rows: first.rows.map((row, at) => agreedRow(row, second.rows[at])) }
}

// A column that was dropped leaves a hole in these numbers, and no schema is another for it (H19).
const positions = ['ordinal_position', 'dtd_identifier']

function agreedRow(first: unknown, second: unknown): unknown {
  if (!isRecord(first) || !isRecord(second)) return first
  const same = ([key, value]: [string, unknown]): boolean =>
    !positions.includes(key) && JSON.stringify(value) === JSON.stringify(second[key])
  return Object.fromEntries(Object.entries(first).filter(same))
}

function holdsSomething(row: unknown): boolean {
  return !isRecord(row) || Object.keys(row).length > 0
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null
}
