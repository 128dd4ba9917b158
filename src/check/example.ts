import type { Catalog } from '../model/catalog.ts'
import type { Examples } from '../model/hazard.ts'

/** The catalog on the release, and with tables of the size, that examples are for. */
export function placed(catalog: Catalog, { server, bytes }: Pick<Examples, 'server' | 'bytes'>): Catalog {
  return sized(server === undefined ? catalog : { ...catalog, server: released(catalog, server) }, bytes)
}

function released({ server }: Catalog, fullVersion: string): Catalog['server'] {
  return { ...server, version: Number.parseInt(fullVersion, 10), fullVersion }
}

/** A row has some hundred bytes. */
function sized(catalog: Catalog, bytes: number | undefined): Catalog {
  if (bytes === undefined) return catalog
  const relations = new Map([...catalog.relations].map(([key, relation]) => [key, { ...relation, bytes, rows: bytes / 100 }] as const))
  return { ...catalog, relations }
}
