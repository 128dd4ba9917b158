import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { isOld } from './_input.ts'

/** The running application does not know the new name. */
export const renameColumn: HazardRule<PgNode, Topic> = {
  id: 'rename-column',
  group: 'compatibility',
  title: 'The running application does not know the new name',
  why: 'A rename takes effect at once: every query of the application that still runs fails until the new version is deployed everywhere. No order of deploying avoids that.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t rename column a to z',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id from t; alter view v rename column id to z',
    ],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t rename column a to z',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t rename constraint t_pkey to pk',
    ],
  },
  on: ['RenameStmt'],
  detect({ statement, before }) {
    if (!('RenameStmt' in statement.node) || statement.node.RenameStmt.renameType !== 'OBJECT_COLUMN') return []
    const { relation: range, subname = '', newname = '' } = statement.node.RenameStmt
    const key = relationKey(range ?? {}, before)
    if (!isOld(key, before)) return []
    return [
      {
        rule: 'rename-column',
        severity: 'error',
        message: `column ${subname} of ${key} is called ${newname} from then on: queries of the running application that say ${subname} fail`,
        fix: 'Add the new column, keep both in step with a trigger, move the application over, then drop the old one.',
        relation: key,
        rewrite: 'rename-column',
        breaksOldApp: true,
      },
    ]
  },
}
