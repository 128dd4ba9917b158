import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { Session } from '../model/session.ts'
import { refusalOf } from './refusal.ts'
import type { SchemaChange } from './schema-changes.ts'

/**
 * The views through which the version to come finds the tables, as the last of the changes: what runs behind it finds them first. Undefined where
 * applications use the tables themselves.
 */
export function shownVersion(engine: Engine, pending: readonly Migration[]): SchemaChange | undefined {
  const last = pending.at(-1)
  const { versions } = engine
  if (last?.version === undefined || versions === undefined) return undefined
  const { version, id: migration } = last
  return {
    cause: { migration, where: `version ${version}`, sql: 'the table is a view there' },
    async run(session) {
      try {
        const physical = await session.readCatalog()
        const limits = { lockBudgetMs: 100, statementTimeoutMs: 30_000, physical }
        const { show, schema } = versions.layer({ version, physical, expand: [], contracts: [], earlier: [] }, limits)
        for (const step of show) if (step.kind === 'sql') await session.script([...step.sql])
        await putFirst(session, schema)
        return undefined
      } catch (error) {
        return refusalOf(error).message
      }
    },
  }
}

/** Names without a schema are looked for in this one first. */
export async function putFirst(session: Session, schema: string): Promise<void> {
  const [row] = await session.query(`select current_setting('search_path') as path`)
  const { path } = row as { readonly path: string }
  const all = path === '' ? [session.dialect.name(schema)] : [session.dialect.name(schema), path]
  await session.script([`set search_path = ${all.join(', ')}`])
}
