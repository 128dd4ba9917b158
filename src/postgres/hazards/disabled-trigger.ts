import type { HazardRule } from '../../model/hazard.ts'
import type { AlterTableCmd, AlterTableType, PgNode } from '../node.ts'
import { constantText } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, type Input } from './_input.ts'

/** Triggers, and foreign keys with them, are off. */
export const disabledTrigger: HazardRule<PgNode, Topic> = {
  id: 'disabled-trigger',
  group: 'data-loss',
  title: 'Triggers, and foreign keys with them, are off',
  why: 'DISABLE TRIGGER holds for all sessions until somebody enables it again: what the trigger keeps (an audit, a copy, a sum) misses the rows of that time. ALL takes in the triggers of foreign keys, and session_replication_role = replica does so for a session: rows that point nowhere come in and are never looked at again.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t disable trigger all',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t disable trigger user',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t disable rule r',
      'set session_replication_role = replica',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t enable trigger all',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t disable trigger all',
      'set session_replication_role = origin',
    ],
  },
  on: ['VariableSetStmt', 'AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser', 'AT_DisableRule'],
  detect(input) {
    const disabled = actionsOf(input, 'AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser', 'AT_DisableRule')
    const tables = disabled.map(({ key, command }) => ({
      rule: 'disabled-trigger',
      severity: 'warning' as const,
      message: `${whatOf(command)} of ${key}: off for all sessions until somebody enables it again, and what it keeps misses the rows of that time`,
      fix: 'Leave it on; for rows that it must not see, let it ask for a setting of the session.',
      relation: key,
      breaksOldApp: false,
    }))
    return [...tables, ...replicaRole(input)]
  },
}

const whole: { readonly [subtype in AlterTableType]?: string } = {
  AT_DisableTrigAll: 'all triggers, those of foreign keys too,',
  AT_DisableTrigUser: 'all triggers',
}

function whatOf({ subtype = 'AT_DisableTrig', name = '' }: AlterTableCmd): string {
  return whole[subtype] ?? `${subtype === 'AT_DisableRule' ? 'rule' : 'trigger'} ${name}`
}

function replicaRole({ statement: { node } }: Input) {
  if (!('VariableSetStmt' in node) || node.VariableSetStmt.name !== 'session_replication_role') return []
  const [value] = (node.VariableSetStmt.args ?? []).map(constantText)
  if (value?.toLowerCase() !== 'replica') return []
  return [
    {
      rule: 'disabled-trigger',
      severity: 'warning' as const,
      message: 'session_replication_role = replica: no trigger and no foreign key looks at what this session writes',
      fix: 'Leave it as it is, and write the rows so that the foreign keys hold.',
      breaksOldApp: false,
    },
  ]
}
