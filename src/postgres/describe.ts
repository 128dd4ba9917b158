import type { CatalogOptions, Query } from './catalog.ts'
import { describeSql } from './describe-sql.ts'
import { postgresDialect } from './quote.ts'

/** What each object of a schema is, by what it is called: `index public.orders_note_idx`. Sorted; equal for equal schemas. */
export type SchemaDescription = { readonly [object: string]: string }

/**
 * Describes all that users made in this database, but not our own schema: definitions, validity, owners, rights, defaults,
 * sequences, comments, triggers, partitions, labels, statistics objects. Not in it: data, OIDs, holes left by dropped columns;
 * casts, operators, text search and foreign servers. The order of columns is an entry of its own. It sets search_path for
 * the time of the queries and puts it back.
 */
export async function describeSchema(query: Query, options: CatalogOptions = {}): Promise<SchemaDescription> {
  const { path, version } = await settingsOf(query)
  await query('SET search_path TO pg_catalog')
  try {
    const objects: [string, string][] = []
    for (const sql of describeSql(version)) {
      for (const row of await query(sql, sql.includes('$1') ? [options.schemas ?? null] : []))
        objects.push([String(row['object']), String(row['text']).trim()])
    }
    return Object.fromEntries(objects.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  } finally {
    await query(`SELECT set_config('search_path', ${postgresDialect.literal(path)}, false)`)
  }
}

async function settingsOf(query: Query): Promise<{ readonly path: string; readonly version: number }> {
  const [row] = await query(`SELECT current_setting('search_path') AS path, current_setting('server_version_num')::int / 10000 AS version`)
  const { path, version } = row ?? {}
  if (typeof path !== 'string' || typeof version !== 'number') throw new TypeError('The server gave no settings.')
  return { path, version }
}

/** In plain words where the second differs from the first; empty where the schemas are the same. */
export function diffSchemas(expected: SchemaDescription, actual: SchemaDescription): readonly string[] {
  const objects = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].toSorted()
  return objects.flatMap((object) => {
    const [before, after] = [expected[object], actual[object]]
    if (before === after) return []
    if (after === undefined) return [`${object} is missing; expected: ${before ?? ''}`]
    return before === undefined ? [`${object} should not be there: ${after}`] : [`${object} is: ${after}; expected: ${before}`]
  })
}
