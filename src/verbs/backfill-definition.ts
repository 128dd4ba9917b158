import type { BackfillDefinition, TriggerChoice } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import type { Statement } from '../model/statement.ts'
import { present } from '../std/present.ts'

/** What the user said of a backfill. */
export interface BackfillWish {
  /** One UPDATE, DELETE or INSERT ... SELECT. */
  readonly sql: string
  /** `key`: by a key even where pages would be faster; `descending`: from the last key to the first, so by key. */
  readonly walk?: 'key' | 'descending'
  readonly batchTargetMs?: number
  readonly triggers?: TriggerChoice
  readonly verify?: string
}

/** Reads the catalog, changes nothing. Throws `syntax`, and `backfill-refused` where the change cannot be made in batches, with the reason. */
export async function defineFromSql(engine: Engine, session: Session, wish: BackfillWish): Promise<BackfillDefinition> {
  const statement = oneStatement(engine, wish.sql)
  const found = engine.rowWork(statement, await session.readCatalog(), wish.walk)
  if (found.kind === 'refused')
    throw new LockkeeperError('backfill-refused', `This cannot be done in batches: ${found.why}.`, {
      hint: 'Write it as a change of one table whose values come from the row itself, or as a backfill in TypeScript.',
    })
  const { verify } = wish
  return {
    work: found.work,
    walk: found.walk,
    batchTargetMs: wish.batchTargetMs ?? found.batchTargetMs,
    triggers: wish.triggers ?? 'fire',
    ...present({ verify }),
  }
}

/** Throws `syntax`, and `usage` where it is not one statement. */
export function oneStatement(engine: Engine, sql: string): Statement {
  const statements = engine.parse(new TextEncoder().encode(sql))
  const [statement] = statements
  if (statement !== undefined && statements.length === 1) return statement
  throw new LockkeeperError('usage', `A backfill is one statement, and this is ${statements.length}.`, {
    hint: 'Give each its own name.',
  })
}
