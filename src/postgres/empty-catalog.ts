import type { Catalog, FunctionInfo } from '../model/catalog.ts'
import type { Server } from '../model/server.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import { builtinFunctions } from './builtin-functions.ts'
import { postgresDialect } from './quote.ts'

/**
 * A catalog that knows the server's own functions and nothing else; unqualified names are looked up and created in `schema`.
 * The time zone is `unknown`, which is not UTC.
 */
export function emptyCatalog(server: Server, schema: string): Catalog {
  return {
    server,
    searchPath: [schema],
    timeZone: 'unknown',
    knowledge: 'partial',
    relations: PersistentMap.from([]),
    types: PersistentMap.from([]),
    functions: builtins(),
  }
}

let made: PersistentMap<readonly FunctionInfo[]> | undefined

function builtins(): PersistentMap<readonly FunctionInfo[]> {
  made ??= makeBuiltins()
  return made
}

function makeBuiltins(): PersistentMap<readonly FunctionInfo[]> {
  const functions = new Map<string, readonly FunctionInfo[]>()
  for (const volatility of ['immutable', 'stable', 'volatile'] as const) {
    for (const name of builtinFunctions[volatility].trim().split(/\s+/)) {
      const key = postgresDialect.name('pg_catalog', name)
      functions.set(key, [...(functions.get(key) ?? []), { volatility, language: 'internal' }])
    }
  }
  return PersistentMap.from(functions)
}
