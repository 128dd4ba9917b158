import type { Row, Session } from '../model/session.ts'

/** The longest that the server may take for one reading: none of ours takes more than some milliseconds. */
export const readTimeoutMs = 2_000

interface Asked {
  readonly session: Session
  readonly signal: AbortSignal
}

/** Rows of a statement of ours. */
export function readRows({ session, signal }: Asked, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return inTurn(session, () => session.query(sql, values, { statementTimeoutMs: readTimeoutMs, signal }))
}

/**
 * Rows of a query that the user wrote, and how long the server was at it. One message is one transaction, which is read-only and rolls itself
 * back where it fails; the parentheses keep it one statement, since the server reads the whole message before it does any of it.
 * `columns`: names for its first columns.
 */
export async function readUserRows(
  { session, signal }: Asked,
  sql: string,
  columns: string,
): Promise<{ readonly rows: readonly Row[]; readonly ms: number }> {
  const clock = `select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  const query = `select * from (\n${sql}\n) as answer${columns}`
  const message = ['set local transaction_read_only = on', clock, query, clock]
  const results = await inTurn(session, () => session.script(message, { statementTimeoutMs: readTimeoutMs, signal }))
  const [, began, answer, ended] = results
  return { rows: answer?.rows ?? [], ms: Number(ended?.rows[0]?.['ms']) - Number(began?.rows[0]?.['ms']) }
}

/** Without the `;` that people end a query with. Undefined where nothing is left. */
export function queryText(text: string): string | undefined {
  const query = text.trim().replace(/[;\s]+$/, '')
  return query === '' ? undefined : query
}

const turns = new WeakMap<Session, Promise<unknown>>()

/** Throttles share a session, and one backend does one thing at a time: what waits here does not count as the answer's time. */
function inTurn<T>(session: Session, ask: () => Promise<T>): Promise<T> {
  const answer = (turns.get(session) ?? Promise.resolve()).then(ask)
  turns.set(
    session,
    answer.catch(() => undefined),
  )
  return answer
}
