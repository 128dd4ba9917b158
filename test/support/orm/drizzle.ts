import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzleV1 } from 'drizzle-orm-v1/node-postgres'
import { migrate as migrateV1 } from 'drizzle-orm-v1/node-postgres/migrator'
import { Pool } from 'pg'

export interface DrizzleRun {
  readonly version: '0.45' | '1.0'
  readonly folder: string
  readonly schema?: string
  readonly table?: string
}

/** Runs Drizzle's own migrator; gives how many rows it added to its ledger, which is how many migrations it found pending. */
export async function drizzleMigrate(url: string, run: DrizzleRun): Promise<number> {
  const pool = new Pool({ connectionString: url, max: 1 })
  try {
    const before = await countRows(pool, run)
    const config = {
      migrationsFolder: run.folder,
      migrationsSchema: run.schema ?? 'drizzle',
      migrationsTable: run.table ?? '__drizzle_migrations',
    }
    if (run.version === '0.45') await migrate(drizzle(pool), config)
    else await migrateV1(drizzleV1({ client: pool }), config)
    return (await countRows(pool, run)) - before
  } finally {
    await pool.end()
  }
}

async function countRows(pool: Pool, run: DrizzleRun): Promise<number> {
  const quoted = [run.schema ?? 'drizzle', run.table ?? '__drizzle_migrations'].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
  const found = await pool.query<{ table: string | null }>('SELECT to_regclass($1)::text AS table', [quoted])
  if (found.rows[0]?.table === null) return 0
  const counted = await pool.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${quoted}`)
  return counted.rows[0]?.rows ?? 0
}
