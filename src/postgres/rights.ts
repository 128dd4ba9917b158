import type { Need, Row } from '../model/session.ts'

interface Query {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** Which needs the current role does not meet, in words. A relation that does not exist yet is left to the server. */
export async function missingRights(session: Query, needs: readonly Need[]): Promise<readonly string[]> {
  const rows = await session.query(
    `select n.relation, n.need, current_user::text as role, pg_get_userbyid(c.relowner)::text as owner
     from unnest($1::text[], $2::text[]) as n(relation, need) join pg_class c on c.oid = to_regclass(n.relation)
     where case n.need
       when 'own' then not pg_has_role(c.relowner, 'USAGE')
       when 'reference' then not has_table_privilege(c.oid, 'REFERENCES')
       else not has_table_privilege(c.oid, 'UPDATE') end
     order by 1, 2`,
    [needs.map((need) => need.relation), needs.map((need) => need.need)],
  )
  return rows.map(
    (row) =>
      `${String(row['role'])} ${inWords(String(row['need']) as Need['need'])} ${String(row['relation'])} (its owner is ${String(row['owner'])})`,
  )
}

function inWords(need: Need['need']): string {
  switch (need) {
    case 'own':
      return 'does not own'
    case 'reference':
      return 'may not reference'
    case 'write':
      return 'may not update'
  }
}
