import { statementsOf } from '../check/statements.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { Session } from '../model/session.ts'
import { refusalOf } from './refusal.ts'

/** A statement of the history that the sandbox could not run, in words for a note. */
export interface Skipped {
  readonly migration: string
  readonly why: string
}

/** A loop in a pull request's SQL must not hold the check for ever. */
const statementTimeoutMs = 120_000

/**
 * Runs earlier migrations plainly, one message a file. Where a file fails (an extension that is not there, a table made
 * elsewhere), its statements run one by one and what fails is left out.
 */
export async function replay(engine: Engine, session: Session, history: readonly Migration[]): Promise<readonly Skipped[]> {
  const skipped: Skipped[] = []
  for (const migration of history) skipped.push(...(await replayOne(engine, session, migration)))
  return skipped
}

async function replayOne(engine: Engine, session: Session, migration: Migration): Promise<readonly Skipped[]> {
  const { body } = migration
  try {
    if (body.kind !== 'sql') return await oneByOne(engine, session, migration)
    await session.script([new TextDecoder().decode(body.bytes)], { statementTimeoutMs })
    return []
  } catch (error) {
    refusalOf(error)
    await session.script(['rollback'])
    return await oneByOne(engine, session, migration)
  }
}

async function oneByOne(engine: Engine, session: Session, migration: Migration): Promise<readonly Skipped[]> {
  const skipped: Skipped[] = []
  for (const statement of statementsOf(engine, migration)) {
    if (statement.kind === 'TransactionStmt') continue
    try {
      await session.script([statement.sql], { statementTimeoutMs })
    } catch (error) {
      skipped.push({ migration: migration.id, why: `${migration.file}:${statement.line}: ${refusalOf(error).message}` })
    }
  }
  return skipped
}
