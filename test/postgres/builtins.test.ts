import { expect, test } from 'vitest'
import { builtinOverloads } from '../../src/postgres/builtins.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const letters = { immutable: 'i', stable: 's', volatile: 'v' } as const

forEachVersion('builtinOverloads', (version) => {
  test('has the volatility of every function that an expression can call, as the server has it', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { rows } = await client.query<{ name: string; letters: readonly string[] }>(`
      SELECT proname AS name, array_agg(DISTINCT provolatile::text ORDER BY provolatile::text) AS letters FROM pg_proc
      WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p'
        AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype)
        AND NOT 'internal'::regtype = ANY (proargtypes) AND NOT 'cstring'::regtype = ANY (proargtypes) GROUP BY proname`)
    expect(rows.length).toBeGreaterThan(1_800)
    for (const row of rows) {
      const overloads = builtinOverloads(postgresDialect.name('pg_catalog', row.name), version)
      expect(overloads?.map(({ volatility }) => letters[volatility]).toSorted(), row.name).toEqual(row.letters)
    }
  })

  test("knows nothing of other schemas' functions", () => {
    expect(builtinOverloads('public.now', version)).toBeUndefined()
  })
})
