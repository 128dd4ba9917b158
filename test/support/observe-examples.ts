import { DatabaseError } from 'pg'
import type { Facts } from '../../src/model/facts.ts'
import { facts } from '../../src/postgres/facts.ts'
import { observe } from '../../src/postgres/observe.ts'
import type { PostgresSession } from '../../src/postgres/session.ts'
import { readExample } from './hazard-examples.ts'

/** What a server did with the last statement of an example, beside what was predicted of it. */
export type SeenExample =
  | { readonly kind: 'ran'; readonly predicted: Facts; readonly observed: Facts }
  /** It refuses the statement, or one before it. */
  | { readonly kind: 'refused'; readonly message: string }

const reset = `DO $$
DECLARE found record;
BEGIN
  FOR found IN SELECT pubname AS name FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', found.name); END LOOP;
  FOR found IN SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', found.name);
  END LOOP;
  CREATE SCHEMA public;
END $$`

/** Runs an example in a database that it may empty: its setup commits, since locks that are held would hide those of the last statement. */
export async function observeExample(sql: string, session: PostgresSession): Promise<SeenExample> {
  const { setup, transaction } = readExample(sql)
  const [last, earlier] = [transaction.at(-1), transaction.slice(0, -1)]
  if (last === undefined) throw new Error(`an example without a statement: ${sql}`)
  try {
    await session.script([reset])
    for (const statement of setup) await session.script([statement.sql])
    const alone = facts(last, await session.readCatalog()).transaction === 'forbidden' && earlier.length === 0
    if (!alone) await session.script(['begin', ...earlier.map((statement) => statement.sql)])
    const before = await session.readCatalog()
    return { kind: 'ran', predicted: facts(last, before), observed: await observe(last, session, before) }
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return { kind: 'refused', message: error.message }
  } finally {
    await session.script(['rollback', 'reset all'])
  }
}
