import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { isSerial } from '../type-text.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** serial in place of identity. */
export const preferIdentity: HazardRule<PgNode, Topic> = {
  id: 'prefer-identity',
  group: 'style',
  title: 'serial is an old way to write an identity column',
  why: 'A serial column is an integer with a default and a sequence whose rights are its own: who may insert must be granted both, and any INSERT may overrule the numbers. An identity column is in the SQL standard and keeps its sequence to itself.',
  source: 'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_serial',
  examples: {
    hazardous: ['create table n (id bigserial primary key)'],
    safe: ['create table n (id bigint generated always as identity primary key)', 'create table n (id bigint)'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ column }) => isSerial(column.typeName))
      .map(({ key, column, type }) => ({
        rule: 'prefer-identity',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} is ${type}: its sequence has rights of its own, and any INSERT may overrule it`,
        fix: 'Use bigint GENERATED ALWAYS AS IDENTITY.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
