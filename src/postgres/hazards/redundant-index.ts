import type { Index } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import { actionsOf, type Input } from './_input.ts'

/** Two indexes of a table do the work of one. */
export const redundantIndex: HazardRule<PgNode> = {
  id: 'redundant-index',
  group: 'operations',
  title: 'Two indexes of a table do the work of one',
  why: 'Each index is written with each row. One whose columns are the first columns of another, in the same order, finds nothing that the other does not find: it only costs writes, disk and memory.',
  source: 'https://www.postgresql.org/docs/current/indexes-multicolumn.html',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently t_a2 on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_ab on t (a, b); create index concurrently t_a on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently t_ab on t (a, b)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently t_id on t (id)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_b on t (b); alter table t add constraint u unique (b)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_ab on t (a, b); create index concurrently t_b on t (b)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_ab on t (a, b); create unique index concurrently t_a on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently t_a2 on t (a) where b is null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently t_a2 on t using hash (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index concurrently t_a2 on t (a desc, b)',
    ],
  },
  on: ['IndexStmt', 'AT_AddConstraint'],
  detect(input) {
    const key = tableOf(input)
    if (key === undefined) return []
    const old = input.before.relations.get(key)?.indexes ?? []
    if (old.length === 0) return []
    const now = simulate(input.statement, input.before).relations.get(key)?.indexes ?? []
    const made = now.filter((index) => !old.some(({ name }) => name === index.name))
    // A constraint that takes an index over leaves none of the old name.
    const standing = old.filter(({ name }) => now.some((index) => index.name === name))
    return made.flatMap((index) => {
      const pair = pairOf(index, standing)
      return pair === undefined ? [] : [hazard(key, pair)]
    })
  },
}

function tableOf(input: Input): string | undefined {
  const { node } = input.statement
  if ('IndexStmt' in node) return relationKey(node.IndexStmt.relation ?? {}, input.before)
  return actionsOf(input, 'AT_AddConstraint')[0]?.key
}

interface Pair {
  readonly idle: Index
  readonly by: Index
}

function pairOf(made: Index, old: readonly Index[]): Pair | undefined {
  const other = old.find((index) => covers(index, made))
  if (other !== undefined) return { idle: made, by: other }
  const idle = old.find((index) => index.constraint === undefined && covers(made, index))
  return idle === undefined ? undefined : { idle, by: made }
}

function covers(wide: Index, narrow: Index): boolean {
  if (![wide, narrow].every(isPlain) || wide.method !== narrow.method) return false
  const [keys, first] = [keysOf(wide), keysOf(narrow)]
  const same = keys.length === first.length
  const begins = first.every((key, at) => key === keys[at])
  return begins && (same || wide.method === 'btree') && (!narrow.unique || (same && wide.unique))
}

// Of expressions and predicates it cannot be told whether two of them mean the same.
function isPlain({ valid, partial, columns, mentions }: Index): boolean {
  return valid && !partial && !columns.includes(undefined) && mentions.length === columns.length
}

/** `a`, `b DESC`: with order and operator class. */
function keysOf({ definition }: Index): readonly string[] {
  const list = / USING \w+ \((.*?)\)(?: NULLS NOT| WITH| TABLESPACE|$)/.exec(definition)?.[1] ?? ''
  return list.split(', ')
}

function hazard(key: string, { idle, by }: Pair) {
  const same = idle.columns.length === by.columns.length
  return {
    rule: 'redundant-index',
    severity: same ? ('warning' as const) : ('info' as const),
    message: `${idle.name} on ${key} finds nothing that ${by.name} does not find: ${same ? 'both have the same columns' : `its columns are the first ones of ${by.name}`}`,
    fix: `Leave ${idle.name} out, or drop it (concurrently) once ${by.name} is there.`,
    relation: key,
    breaksOldApp: false,
  }
}
