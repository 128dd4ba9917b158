import type { Preparation, ResultChange, ResultColumn, Verdict } from '../model/compatibility.ts'
import { meaningOf } from './javascript-types.ts'

export interface Prepared {
  /** On the schema that the statement was written for. */
  readonly home: Preparation
  readonly there: Preparation
  /** What the server says there to a statement that was prepared at home, where it says something else. */
  readonly cached?: string
}

/** What becomes of a statement on another schema than its own. Pure. */
export function judge({ home, there, cached }: Prepared): Verdict {
  if (home.kind === 'refused') return { outcome: 'unreadable', why: `${home.message} (${home.sqlstate})` }
  if (there.kind === 'refused') return { outcome: 'breaks', sqlstate: there.sqlstate, message: there.message }
  const changes = changesOf(home.columns ?? [], there.columns ?? [])
  if (changes.length === 0 && cached === undefined) return { outcome: 'ok' }
  return { outcome: 'result-changes', changes, ...(cached !== undefined && { prepared: cached }) }
}

/** Place by place where there are as many columns; else by name, for `SELECT *` has lost or got some. */
function changesOf(before: readonly ResultColumn[], after: readonly ResultColumn[]): readonly ResultChange[] {
  if (before.length === after.length) return before.flatMap((column, at) => changed(column, after[at]))
  return [
    ...before.flatMap((column) =>
      changed(
        column,
        after.find(({ name }) => name === column.name),
      ),
    ),
    ...after.filter(({ name }) => !before.some((column) => column.name === name)).map(({ name, type }) => ({ column: name, after: type })),
  ]
}

function changed(before: ResultColumn, after: ResultColumn | undefined): readonly ResultChange[] {
  if (after === undefined) return [{ column: before.name, before: before.type }]
  if (after.name !== before.name)
    return [
      { column: before.name, before: before.type },
      { column: after.name, after: after.type },
    ]
  if (after.type === before.type) return []
  const meaning = meaningOf(before.type, after.type)
  return [{ column: before.name, before: before.type, after: after.type, ...(meaning !== undefined && { meaning }) }]
}
