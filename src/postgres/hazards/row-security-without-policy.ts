import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { nameParts } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, isOld, type Input } from './_input.ts'

/** Row security without a policy hides every row. */
export const rowSecurityWithoutPolicy: HazardRule<PgNode, Topic> = {
  id: 'row-security-without-policy',
  group: 'compatibility',
  title: 'Row security without a policy hides every row',
  why: 'Once row level security is on, a role that is not the owner of the table sees and changes only the rows that a policy lets through: without a policy none. Nothing fails: queries come back empty. FORCE binds the owner too.',
  source: 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t enable row level security',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (true); alter table t enable row level security; drop policy p on t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (true); alter table t enable row level security',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t enable row level security',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (true); drop policy p on t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (true); create policy q on t using (true); alter table t enable row level security; drop policy p on t',
    ],
  },
  on: ['DropStmt', 'AT_EnableRowSecurity'],
  detect(input) {
    return secured(input)
      .filter((key) => !getsPolicy(input, key))
      .map((key) => {
        const forced = input.before.relations.get(key)?.rowSecurity?.forced === true
        return {
          rule: 'row-security-without-policy',
          severity: 'warning',
          message: `${key} has row level security and no policy from then on: ${forced ? 'all roles but superusers' : 'all roles but its owner and superusers'} find it empty, and cannot insert`,
          fix: 'Create the policies first, in the same transaction or before.',
          relation: key,
          breaksOldApp: false,
        }
      })
  },
}

/** Tables that are left without a policy by this statement. */
function secured(input: Input): readonly string[] {
  const { before } = input
  const enabled = actionsOf(input, 'AT_EnableRowSecurity')
    .filter(({ relation }) => (relation?.policies ?? []).length === 0)
    .map(({ key }) => key)
  return [...enabled, ...bare(input)].filter((key) => isOld(key, before))
}

function bare({ statement: { node }, before }: Input): readonly string[] {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_POLICY') return []
  return (node.DropStmt.objects ?? []).flatMap((object) => {
    const parts = nameParts(object)
    const key = relationKey(parts.slice(0, -1), before)
    const { policies = [], rowSecurity } = before.relations.get(key) ?? {}
    const last = policies.length === 1 && policies[0]?.name === parts.at(-1)
    return last && rowSecurity?.enabled === true ? [key] : []
  })
}

// One that comes later in the transaction is there when anybody else looks.
function getsPolicy({ transaction, at }: Input, key: string): boolean {
  return transaction
    .slice(at + 1)
    .some(({ statement: { node }, before }) => 'CreatePolicyStmt' in node && relationKey(node.CreatePolicyStmt.table ?? {}, before) === key)
}
