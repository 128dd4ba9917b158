import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { oldOnes } from './_input.ts'

/** A large table is written a second time before the first copy goes. */
export const rewriteNeedsDisk: HazardRule<PgNode> = {
  id: 'rewrite-needs-disk',
  group: 'rewrite',
  title: 'A large table is written a second time before the first copy goes',
  why: 'A table rewrite keeps the old files until it commits: it needs as much disk again as the table and its indexes have, and as much again in WAL, which replicas, archive and backups must take in while they fall behind. A full disk stops the whole server.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES (up to twice the disk space)',
  examples: {
    bytes: 20_000_000_000,
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); vacuum full t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type text',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); vacuum t',
    ],
  },
  detect({ facts, before }) {
    const large = oldOnes(facts.rewrites, before).flatMap((key) => {
      const bytes = before.relations.get(key)?.bytes ?? 0
      return bytes >= largeBytes ? [{ key, bytes }] : []
    })
    const [first] = large
    if (first === undefined) return []
    const needed = large.reduce((sum, { bytes }) => sum + bytes, 0)
    return [
      {
        rule: 'rewrite-needs-disk',
        severity: 'warning',
        message: `${first.key} has ${gigabytes(first.bytes)} with its indexes: about ${gigabytes(needed)} of disk are needed until the commit, and about as much goes through the WAL to every replica`,
        fix: `Make sure of ${gigabytes(needed * 2)} of free disk, here and on the replicas, or take a way that does not write the table anew.`,
        relation: first.key,
        breaksOldApp: false,
      },
    ]
  },
}

/** 2 million rows of 104 bytes with their indexes took 5.2 s (pgfacts A.7): this takes some 15 seconds. */
const largeBytes = 1_000_000_000

function gigabytes(bytes: number): string {
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`
}
