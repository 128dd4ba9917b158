import type { Catalog } from '../../model/catalog.ts'
import { callsIn, constantText } from '../tree.ts'
import { isTimeout, milliseconds, timeoutSet, type TimeoutSet } from '../timeout.ts'
import { textsOf, type PgNode, type SelectStmt, type VariableSetStmt } from '../node.ts'

/** SET search_path, SET TIME ZONE, timeouts. What RESET and DEFAULT go back to is not known: of these only a timeout is given up. */
export function setVariable(statement: VariableSetStmt, catalog: Catalog): Catalog {
  const timeout = timeoutSet(statement)
  // What SET LOCAL sets ends with its transaction.
  if (timeout !== undefined) return statement.is_local === true ? catalog : withTimeout(catalog, timeout)
  if (statement.kind !== 'VAR_SET_VALUE') return catalog
  return apply(catalog, statement.name ?? '', (statement.args ?? []).map(valueOf))
}

/** SELECT set_config('search_path', '', false), as pg_dump writes it. */
export function callSetConfig(statement: SelectStmt, catalog: Catalog): Catalog {
  const call = callsIn(statement.targetList).find(({ funcname }) => textsOf(funcname).at(-1) === 'set_config')
  const [name, value] = (call?.args ?? []).map(constantText)
  if (name === undefined || value === undefined) return catalog
  return apply(catalog, name, name.toLowerCase() === 'search_path' ? pathParts(value) : [value])
}

function withTimeout(catalog: Catalog, { name, ms }: TimeoutSet): Catalog {
  const { [name]: _former, ...others } = catalog.timeouts ?? {}
  return { ...catalog, timeouts: { ...others, ...(ms !== undefined && { [name]: ms }) } }
}

function apply(catalog: Catalog, name: string, values: readonly string[]): Catalog {
  if (isTimeout(name)) return withTimeout(catalog, { name, ms: milliseconds(values[0] ?? '') })
  if (name.toLowerCase() === 'timezone') return { ...catalog, timeZone: values[0] ?? catalog.timeZone }
  if (name.toLowerCase() !== 'search_path') return catalog
  return { ...catalog, searchPath: values.filter((schema) => schema !== '' && schema !== '$user') }
}

function pathParts(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => (part.trim().startsWith('"') ? part.trim().slice(1, -1).replaceAll('""', '"') : part.trim().toLowerCase()))
}

function valueOf(node: PgNode): string {
  return constantText(node) ?? ''
}
