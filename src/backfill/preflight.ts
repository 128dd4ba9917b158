import { LockkeeperError } from '../model/errors.ts'
import type { BackfillJob } from './job.ts'

/** Before the first row: says what each changed row would set off, and refuses what would go wrong. Throws `backfill-refused`. */
export async function refuseUnfit(job: BackfillJob): Promise<void> {
  const { work, triggers } = job.definition
  const look = await job.store.look(work)
  const changed = work.kind === 'insert' ? work.target : work.relation
  if (look.rowsHidden)
    throw new LockkeeperError(
      'backfill-refused',
      `row security hides rows of ${work.relation} from this role: they would be left, and called done`,
      { hint: 'Run it as the owner of the table, or as a role with BYPASSRLS (--role).' },
    )
  if (look.triggers.length > 0)
    onTriggers(job, `${changed} has triggers that each changed row fires: ${look.triggers.join(', ')}`, look.maySkipTriggers)
  if (triggers === 'skip' && work.kind !== 'update')
    throw new LockkeeperError(
      'backfill-refused',
      `triggers cannot be skipped where ${mayBreakKeys[work.kind]}: foreign keys would not be kept either`,
    )
  if (look.publications.length > 0)
    job.listener.onNotice(
      `${changed} is published (${look.publications.join(', ')}): each changed row is sent to the subscribers, and kept as WAL until they have it.`,
    )
}

const mayBreakKeys = { delete: 'rows are deleted', insert: 'rows are added', code: 'code changes the rows' } as const

function onTriggers(job: BackfillJob, what: string, maySkip: boolean): void {
  switch (job.definition.triggers) {
    case 'fire':
      return job.listener.onNotice(`${what}. They run for each row, as for any other change; --triggers skip leaves them out.`)
    case 'stop':
      throw new LockkeeperError('backfill-refused', what, { hint: 'Give --triggers fire or --triggers skip.' })
    case 'skip':
      if (maySkip) return job.listener.onNotice(`${what}. They are skipped, and so is the check of foreign keys for these rows.`)
      throw new LockkeeperError('backfill-refused', `${what}, and this role may not skip them`, {
        hint: 'From PostgreSQL 15 on: grant set on parameter session_replication_role to the role. Before, only a superuser may.',
      })
  }
}
