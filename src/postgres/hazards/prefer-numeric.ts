import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** A type that does not keep decimals exactly. */
export const preferNumeric: HazardRule<PgNode, Topic> = {
  id: 'prefer-numeric',
  group: 'style',
  title: 'Money is kept exactly by numeric alone',
  why: 'money prints and reads by a setting of the session, so that a dump read elsewhere means another currency; real and double precision cannot keep 0.1 exactly.',
  source: 'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_money',
  examples: {
    hazardous: ['create table n (price money)', 'create table n (price real)'],
    safe: ['create table n (price numeric(12, 2))'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ type }) => inexact.has(type))
      .map(({ key, column, type }) => ({
        rule: 'prefer-numeric',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} is ${type}: it does not keep decimal values exactly, or in one way for all sessions`,
        fix: 'Use numeric for amounts; keep floating point for measurements.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}

const inexact: ReadonlySet<string> = new Set(['money', 'float4', 'float8'])
