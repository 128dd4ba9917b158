import type { TableLook } from '../../model/backfill.ts'
import type { Work } from '../../model/plan.ts'
import type { Session } from '../../model/session.ts'

// pg_trigger.tgtype: 4 insert, 8 delete, 16 update (src/include/catalog/pg_trigger.h).
const events = { insert: 4, delete: 8, update: 16, code: 4 | 8 | 16 } as const

/** Policies, triggers and publications of a table and of those below it, as far as they bear on a change of its rows. Reads the catalog only. */
export async function look(session: Session, work: Work): Promise<TableLook> {
  const changed = work.kind === 'insert' ? work.target : work.relation
  const [row] = await session.query(
    `with recursive tree (oid) as (
  select $1::regclass::oid union select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.oid)
select row_security_active($2::regclass) or (select bool_or(row_security_active(oid)) from tree) as hidden,
  (select coalesce(json_agg(distinct t.tgname), '[]') from pg_trigger t join tree on t.tgrelid = tree.oid
    where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & $3 > 0 and t.tgname not like '~lk\\_%') as triggers,
  (select coalesce(json_agg(distinct p.pubname), '[]') from pg_publication_tables p join tree on tree.oid = to_regclass(format('%I.%I', p.schemaname, p.tablename))) as publications,
  ${maySkip(session.server.version)} as may`,
    [changed, work.relation, events[work.kind]],
  )
  return {
    rowsHidden: row?.['hidden'] === true,
    triggers: (row?.['triggers'] ?? []) as readonly string[],
    publications: (row?.['publications'] ?? []) as readonly string[],
    maySkipTriggers: row?.['may'] === true,
  }
}

/** From 15 on the right to a setting can be granted. */
function maySkip(version: number): string {
  const superuser = `(select rolsuper from pg_roles where rolname = current_user)`
  return version >= 15 ? `(${superuser} or has_parameter_privilege('session_replication_role', 'SET'))` : superuser
}
