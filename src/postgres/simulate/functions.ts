import type { Catalog, FunctionInfo } from '../../model/catalog.ts'
import { PersistentMap } from '../../std/persistent-map.ts'
import { creationKey, findFunction } from '../names.ts'
import { textsOf, type AlterFunctionStmt, type CreateFunctionStmt, type PgNode } from '../node.ts'

/** Overloads are told apart by volatility and language only; a replaced one takes the place of its kind. */
export function createFunction(statement: CreateFunctionStmt, catalog: Catalog): Catalog {
  if (statement.is_procedure === true) return catalog
  const key = creationKey(statement.funcname ?? [], catalog)
  const functions = PersistentMap.from(catalog.functions)
  const info: FunctionInfo = { volatility: volatilityOf(statement.options) ?? 'volatile', language: languageOf(statement) }
  const before = functions.get(key) ?? []
  const kept = statement.replace === true && before.length === 1 ? [] : before
  return { ...catalog, functions: functions.with(key, distinct([...kept, info])) }
}

/** ALTER FUNCTION ... IMMUTABLE | STABLE | VOLATILE; where there are overloads, all that was known of them stays beside it. */
export function alterFunction(statement: AlterFunctionStmt, catalog: Catalog): Catalog {
  const found = findFunction(statement.func?.objname ?? [], catalog)
  const volatility = volatilityOf(statement.actions)
  if (found === undefined || volatility === undefined) return catalog
  const changed = found.overloads.map((overload) => ({ ...overload, volatility }))
  const overloads = found.overloads.length > 1 ? distinct([...found.overloads, ...changed]) : changed
  return { ...catalog, functions: PersistentMap.from(catalog.functions).with(found.key, overloads) }
}

function distinct(overloads: readonly FunctionInfo[]): readonly FunctionInfo[] {
  return overloads.filter(
    (one, at) => overloads.findIndex((other) => other.volatility === one.volatility && other.language === one.language) === at,
  )
}

function volatilityOf(options: readonly PgNode[] | undefined): FunctionInfo['volatility'] | undefined {
  const text = optionText(options, 'volatility')
  return text === 'immutable' || text === 'stable' || text === 'volatile' ? text : undefined
}

// A body that is no string is SQL.
function languageOf(statement: CreateFunctionStmt): string {
  return optionText(statement.options, 'language')?.toLowerCase() ?? 'sql'
}

function optionText(options: readonly PgNode[] | undefined, name: string): string | undefined {
  const found = (options ?? []).flatMap((node) => ('DefElem' in node && node.DefElem.defname === name ? [node.DefElem.arg] : []))[0]
  return textsOf(found === undefined ? [] : [found])[0]
}
