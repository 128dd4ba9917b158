import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** An integer type that may run out. */
export const preferBigint: HazardRule<PgNode, Topic> = {
  id: 'prefer-bigint',
  group: 'style',
  title: 'A small integer runs out one day',
  why: 'int ends at 2,147,483,647 and smallint at 32,767; a wider type later writes the whole table anew. Beside other columns the bytes that a small one saves are often lost to alignment.',
  source: 'https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT',
  examples: {
    hazardous: ['create table n (clicks int)', 'create table n (clicks smallint)', 'create table n (id serial)'],
    safe: ['create table n (clicks bigint)', 'create table n (id bigserial)'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ type }) => small.has(type))
      .map(({ key, column, type }) => ({
        rule: 'prefer-bigint',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} is ${type}: a wider type later writes the whole table anew`,
        fix: 'Use bigint, unless the values are few and known.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}

const small: ReadonlySet<string> = new Set(['int2', 'int4', 'serial', 'serial2', 'serial4', 'smallserial'])
