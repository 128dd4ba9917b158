import type { RowVersion } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { CodeWork } from './code-batch.ts'
import type { BackfillJob } from './job.ts'

interface Failed extends Pick<BackfillJob, 'control' | 'key'> {
  readonly work: CodeWork
  readonly rows: readonly RowVersion[]
}

/** Ends the backfill for all workers, since none of them would do better, and gives what to throw: the user's message, and the rows that it was about. */
export async function codeFailed({ control, key, work, rows }: Failed, cause: unknown): Promise<LockkeeperError> {
  const [first, last] = [textOf(rows.at(0)), textOf(rows.at(-1))]
  const which = first === last ? first : `${first} to ${last}`
  const message = cause instanceof Error ? cause.message : String(cause)
  const error = new LockkeeperError(
    'backfill-code-failed',
    `${work.export} of ${work.module} failed at ${rows.length} rows of ${work.relation} (${which}): ${message}`,
    { cause, details: { relation: work.relation, module: work.module, export: work.export, first, last, rows: rows.length } },
  )
  await control.fail(key, error.message).catch(() => undefined)
  return error
}

function textOf(row: RowVersion | undefined): string {
  return row === undefined ? 'none' : row.place.join(', ')
}
