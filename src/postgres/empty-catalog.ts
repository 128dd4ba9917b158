import type { Catalog } from '../model/catalog.ts'
import type { Server } from '../model/server.ts'
import { PersistentMap } from '../std/persistent-map.ts'

/**
 * A catalog without a single relation, type or function of a user; unqualified names are looked up and created in `schema`.
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
    functions: PersistentMap.from([]),
  }
}
