import { postgresDialect } from '../postgres/quote.ts'
import { connect } from '../postgres/session.ts'
import type { Session } from '../model/session.ts'

/** Copies a database file by file (faster than through the WAL above some 100 MB) and writes out what is dirty, so that no checkpoint falls into a measurement. */
export async function cloneDatabase(admin: Session, template: string, name: string): Promise<void> {
  const strategy = admin.server.version >= 15 ? ' STRATEGY FILE_COPY' : ''
  await admin.query(`CREATE DATABASE ${postgresDialect.name(name)} TEMPLATE ${postgresDialect.name(template)}${strategy}`)
  await admin.query('CHECKPOINT')
}

/** Drops it, with whoever is still connected. */
export async function dropDatabase(admin: Session, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${postgresDialect.name(name)} WITH (FORCE)`)
}

/** Makes a database that others are copied from: runs the statements in it, each on its own, then vacuums, so that no autovacuum has reason to. */
export async function makeTemplate(
  admin: Session,
  template: { readonly name: string; readonly url: string; readonly statements: readonly string[] },
): Promise<void> {
  await admin.query(`CREATE DATABASE ${postgresDialect.name(template.name)}`)
  await using session = await connect({ url: template.url, applicationName: 'fill' })
  for (const statement of template.statements) await session.script([statement])
  await session.query('VACUUM (FREEZE, ANALYZE)')
}

/**
 * Gives the server WAL files to use again, as one that has run for a while has them: `bytes` of them, or as many as `min_wal_size` keeps. A new
 * server fills each file of 16 MB with zeros first, and every commit waits for it (about 60 ms each, docs/evidence/2026-11-25.md).
 */
export async function layInWalFiles(admin: Session, bytes: number): Promise<void> {
  const [row] = await admin.query(
    `SELECT sum(size)::float8 AS there, 1e6 * (SELECT setting::float8 FROM pg_settings WHERE name = 'min_wal_size') AS most FROM pg_ls_waldir()`,
  )
  const missing = Math.min(bytes, Number(row?.['most'])) - Number(row?.['there'])
  for (let left = missing; left > 0; left -= messageBytes) {
    await admin.query(`SELECT pg_logical_emit_message(false, 'demo', repeat('x', ${messageBytes}))`)
  }
  await admin.query('CHECKPOINT')
}

/** About one WAL file. */
const messageBytes = 16_000_000
