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
