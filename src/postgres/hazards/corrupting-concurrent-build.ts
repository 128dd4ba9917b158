import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { oldOnes } from './_input.ts'

/** This release of the server leaves rows out of an index that it builds concurrently. */
export const corruptingConcurrentBuild: HazardRule<PgNode> = {
  id: 'corrupting-concurrent-build',
  group: 'data-loss',
  title: 'This release of the server leaves rows out of an index that it builds concurrently',
  why: 'In 14.0 to 14.3 CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY may miss rows that are pruned meanwhile: queries by the index do not find them, and a unique index lets doubles through. 14.4 mends it; indexes built before must be built again.',
  source: 'https://www.postgresql.org/docs/14/release-14-4.html',
  examples: {
    server: '14.2',
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); reindex table concurrently t',
    ],
    safe: ['create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (a)'],
  },
  detect({ facts, before }) {
    const release = before.server.fullVersion ?? ''
    const [relation] = oldOnes(facts.builds, before)
    if (!/^14\.[0-3]$/.test(release) || facts.waitsFor.length === 0 || relation === undefined) return []
    return [
      {
        rule: 'corrupting-concurrent-build',
        severity: 'error',
        message: `PostgreSQL ${release} may leave rows of ${relation} out of an index that it builds concurrently: queries by it then miss them`,
        fix: 'Update the server to the newest 14 first, and REINDEX what was built concurrently before.',
        relation,
        breaksOldApp: false,
      },
    ]
  },
}
