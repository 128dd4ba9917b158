import type { HazardRule } from '../../model/hazard.ts'
import { findType } from '../names.ts'
import { textsOf, type PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'

/** A new enum value goes to the end of the order. */
export const enumValueWithoutPosition: HazardRule<PgNode, Topic> = {
  id: 'enum-value-without-position',
  group: 'style',
  title: 'A new enum value goes to the end of the order',
  why: 'Enums are sorted and compared in the order of their values. Without BEFORE or AFTER a new one is the greatest, and no later statement can move it.',
  source: 'https://www.postgresql.org/docs/current/sql-altertype.html',
  examples: {
    hazardous: ["create type mood as enum ('ok'); alter type mood add value 'fine'"],
    safe: [
      "create type mood as enum ('ok'); alter type mood add value 'fine' after 'ok'",
      "create type mood as enum ('ok'); alter type mood rename value 'ok' to 'fine'",
    ],
  },
  on: ['AlterEnumStmt'],
  detect({ statement: { node }, before }) {
    if (!('AlterEnumStmt' in node)) return []
    const { typeName = [], oldVal, newVal = '', newValNeighbor } = node.AlterEnumStmt
    if (oldVal !== undefined || newValNeighbor !== undefined) return []
    const type = findType(typeName, before)?.key ?? textsOf(typeName).join('.')
    return [
      {
        rule: 'enum-value-without-position',
        severity: 'info',
        message: `'${newVal}' becomes the last of ${type} in its order`,
        fix: 'Say BEFORE or AFTER which value it belongs.',
        breaksOldApp: false,
      },
    ]
  },
}
