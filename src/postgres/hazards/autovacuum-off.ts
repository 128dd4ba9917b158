import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { optionOf } from '../tree.ts'
import type { Topic } from '../topics.ts'

/** Nobody cleans the table up. */
export const autovacuumOff: HazardRule<PgNode, Topic> = {
  id: 'autovacuum-off',
  group: 'operations',
  title: 'Nobody cleans the table up',
  why: 'Without autovacuum dead rows stay, the table and its indexes grow, the planner works with old figures, and in the end the server vacuums it anyway, at a moment of its own choosing, to save its transaction ids.',
  source: 'https://www.postgresql.org/docs/current/sql-createtable.html#RELOPTION-AUTOVACUUM-ENABLED',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set (autovacuum_enabled = false)',
      'create table n (id int) with (autovacuum_enabled = off)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set (autovacuum_enabled = true)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set (autovacuum_vacuum_scale_factor = 0.01)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t reset (autovacuum_enabled)',
    ],
  },
  on: ['CreateStmt', 'AT_SetRelOptions'],
  detect({ statement: { node }, before }) {
    const range = 'CreateStmt' in node ? node.CreateStmt.relation : 'AlterTableStmt' in node ? node.AlterTableStmt.relation : undefined
    if (range === undefined || !optionsIn(node).some((options) => optionOf(options, 'autovacuum_enabled') === false)) return []
    const key = relationKey(range, before)
    return [
      {
        rule: 'autovacuum-off',
        severity: 'warning',
        message: `autovacuum leaves ${key} alone from then on: dead rows stay, and its statistics grow old`,
        fix: 'Leave it on; where it comes too often or too late, set its thresholds for this table.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}

function optionsIn(node: PgNode): readonly (readonly PgNode[])[] {
  if ('CreateStmt' in node) return [node.CreateStmt.options ?? []]
  if (!('AlterTableStmt' in node)) return []
  const commands = (node.AlterTableStmt.cmds ?? []).flatMap((each) => ('AlterTableCmd' in each ? [each.AlterTableCmd] : []))
  return commands.flatMap(({ subtype, def }) =>
    subtype === 'AT_SetRelOptions' && def !== undefined && 'List' in def ? [def.List.items ?? []] : [],
  )
}
