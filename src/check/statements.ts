import { LockkeeperError } from '../model/errors.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration, RecordedStatement } from '../model/migration.ts'
import type { Statement } from '../model/statement.ts'
import { present } from '../std/present.ts'

export type Reader<Node> = Pick<Engine<Node>, 'parse' | 'inline'>

/** The statements of a migration, in order. Errors name the file; lines are those of the source file, for recorded code too. */
export function statementsOf<Node>(engine: Reader<Node>, migration: Migration): readonly Statement<Node>[] {
  const { body } = migration
  if (body.kind === 'sql') return inFile(migration, () => engine.parse(body.bytes))
  return body.statements.flatMap((recorded) => inFile(migration, () => parseRecorded(engine, recorded)))
}

function parseRecorded<Node>(engine: Reader<Node>, recorded: RecordedStatement): readonly Statement<Node>[] {
  const sql = engine.inline(recorded.sql, recorded.parameters)
  if (sql === undefined)
    throw new LockkeeperError('source-unreadable', `A parameter of this statement has no form as text: ${recorded.sql.slice(0, 100)}`)
  const statements = engine.parse(new TextEncoder().encode(sql))
  const { line, atContract, undo, fills, given } = recorded
  const last = statements.length - 1
  return statements.map((statement, at) => ({
    ...statement,
    ...(line !== undefined && { line, column: 1 }),
    ...present({ atContract, fills, undo: at === last ? undo : undefined, given: at === 0 ? given : undefined }),
  }))
}

function inFile<T>(migration: Migration, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof LockkeeperError)) throw error
    const details = { file: migration.file, ...error.details }
    throw new LockkeeperError(error.code, `${migration.file}: ${error.message}`, { cause: error, hint: error.hint, details })
  }
}
