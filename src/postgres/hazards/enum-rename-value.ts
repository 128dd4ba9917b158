import type { HazardRule } from '../../model/hazard.ts'
import { tablesWithType } from '../facts/relations.ts'
import { findType } from '../names.ts'
import { textsOf, type PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes } from './_input.ts'

/** The running application does not know the new label. */
export const enumRenameValue: HazardRule<PgNode, Topic> = {
  id: 'enum-rename-value',
  group: 'compatibility',
  title: 'The running application does not know the new label',
  why: 'A renamed enum value is gone under its old label at once: the application that still runs writes the old label, which fails, and reads a new one that it does not know.',
  source: 'https://www.postgresql.org/docs/current/sql-altertype.html',
  examples: {
    hazardous: ["create type mood as enum ('ok'); create table t (m mood); alter type mood rename value 'ok' to 'fine'"],
    safe: [
      "create type mood as enum ('ok'); create table t (m mood); alter type mood add value 'fine'",
      "create type mood as enum ('ok'); alter type mood rename to feeling",
    ],
  },
  on: ['AlterEnumStmt'],
  detect({ statement: { node }, before }) {
    if (!('AlterEnumStmt' in node) || node.AlterEnumStmt.oldVal === undefined) return []
    const { typeName = [], oldVal, newVal = '' } = node.AlterEnumStmt
    const type = findType(typeName, before)?.key ?? textsOf(typeName).join('.')
    const tables = tablesWithType(type, before)
    if (tables.length > 0 && oldOnes(tables, before).length === 0) return []
    return [
      {
        rule: 'enum-rename-value',
        severity: 'error',
        message: `'${oldVal}' of ${type}${tables.length === 0 ? '' : ` (used by ${listed(tables)})`} is called '${newVal}' from then on: the running application writes a label that is refused, and reads one that it does not know`,
        fix: 'Add the new value, move the application and the rows over, and leave the old value unused.',
        ...(tables[0] !== undefined && { relation: tables[0] }),
        breaksOldApp: true,
      },
    ]
  },
}
