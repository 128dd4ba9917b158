import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes, sizeOf, type Input } from './_input.ts'

/** A query over whole tables is copied in one statement. */
export const copyInOneSnapshot: HazardRule<PgNode, Topic> = {
  id: 'copy-in-one-snapshot',
  group: 'operations',
  title: 'A query over whole tables is copied in one statement',
  why: 'CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW read their tables under one snapshot. Nobody waits, but as long as it is held VACUUM cannot take away dead rows in any table, CREATE INDEX CONCURRENTLY waits for its end, and the copy goes through the WAL to every replica in one go.',
  source: 'https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table u as select * from t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select a, count(*) from t group by a',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); select id, a into u from t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table u as select * from t with no data',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select a from t with no data',
      'begin; create table t (id bigint primary key, a int); create table u as select * from t',
    ],
  },
  on: ['CreateTableAsStmt', 'SelectStmt'],
  detect(input) {
    const { facts, before } = input
    const read = oldOnes(facts.scans, before).filter((key) => (before.relations.get(key)?.rows ?? manyRows) >= manyRows)
    if (!copies(input) || read.length === 0) return []
    const isLarge = read.some((key) => before.relations.get(key)?.rows !== undefined)
    return [
      {
        rule: 'copy-in-one-snapshot',
        severity: isLarge ? 'warning' : 'info',
        message: `${listed(read.map((key) => `${key}${sizeOf(key, before)}`))}: read and copied under one snapshot, which holds back VACUUM in the whole database until it is done`,
        fix: 'Create it WITH NO DATA and fill it in batches, a materialized view in a quiet hour.',
        ...(read[0] !== undefined && { relation: read[0] }),
        breaksOldApp: false,
      },
    ]
  },
}

/** As many rows are read and written in less than a second. */
const manyRows = 100_000

function copies({ statement: { node }, facts }: Input): boolean {
  if ('CreateTableAsStmt' in node) return facts.creates.length > 0
  return 'SelectStmt' in node && node.SelectStmt.intoClause !== undefined
}
