import type { FunctionInfo } from '../model/catalog.ts'
import { builtinFunctions, type FunctionNames } from './builtin-functions.ts'
import { formerFunctions } from './former-functions.ts'
import { postgresDialect } from './quote.ts'

type Functions = ReadonlyMap<string, readonly FunctionInfo[]>

const newest = lazily(() => read(builtinFunctions))
const former = new Map(Object.entries(formerFunctions).map(([version, names]) => [Number(version), lazily(() => read(names))]))

/**
 * The overloads of one of the server's own functions, by its canonical name (`pg_catalog.now`), in a major; undefined for all other
 * names. They are the same on every server of a major, so that no catalog needs to hold these 2,000.
 */
export function builtinOverloads(key: string, version: number): readonly FunctionInfo[] | undefined {
  return former.get(version)?.().get(key) ?? newest().get(key)
}

function read(names: FunctionNames): Functions {
  const functions = new Map<string, readonly FunctionInfo[]>()
  for (const volatility of ['immutable', 'stable', 'volatile'] as const) {
    for (const name of names[volatility].split(/\s+/).filter((each) => each !== '')) {
      const key = postgresDialect.name('pg_catalog', name)
      functions.set(key, [...(functions.get(key) ?? []), { volatility, language: 'internal' }])
    }
  }
  return functions
}

function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}
