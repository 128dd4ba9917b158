// Written by `npm run probe` from what our servers did. Do not edit.
import type { Measured } from '../model/measured.ts'

/** By rule: what its first hazardous example did, the versions that behave alike together. */
export const measuredLocks: { readonly [rule: string]: readonly Measured[] } = {
  'add-not-null-existing': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'reads all of public.t'] }],
  'attach-partition-scan': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.m', 'ACCESS EXCLUSIVE on public.n', 'reads all of public.n'],
    },
  ],
  'autovacuum-off': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE UPDATE EXCLUSIVE on public.t'] }],
  'blocking-detach': [
    { versions: [13], did: ['ACCESS EXCLUSIVE on public.m', 'SHARE UPDATE EXCLUSIVE on public.m1'] },
    { versions: [14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.m', 'ACCESS EXCLUSIVE on public.m1'] },
  ],
  'blocking-exclusion-constraint': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.r', 'builds an index on public.r', 'reads all of public.r'] },
  ],
  'blocking-index-build': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'blocking-index-drop': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'blocking-primary-key': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'blocking-refresh': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: [
        'ACCESS SHARE on public.t',
        'ACCESS EXCLUSIVE on public.v',
        'rewrites public.v',
        'reads all of public.t',
        'reads all of public.v',
      ],
    },
  ],
  'blocking-reindex': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'blocking-table-rewrite': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'blocking-unique-constraint': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'cascade-drops-more': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.c', 'ACCESS EXCLUSIVE on public.p'] }],
  'changed-default': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'concurrently-in-transaction': [
    { versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'CREATE INDEX CONCURRENTLY cannot run inside a transaction block' },
  ],
  'concurrently-refused': [
    { versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'cannot create index on partitioned table "m" concurrently' },
  ],
  'concurrently-under-timeout': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'constraint-refused': [{ versions: [13, 14, 15, 16, 17, 18], did: [], refused: '"u" is a partial index' }],
  'copy-in-one-snapshot': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS SHARE on public.t', 'reads all of public.t'] }],
  'corrupting-concurrent-build': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'disabled-trigger': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE ROW EXCLUSIVE on public.t'] }],
  'domain-check-scan': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.t', 'reads all of public.t'] }],
  'domain-with-constraint': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'drop-and-add-column': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-column': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-database': [{ versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'database "shop" does not exist' }],
  'drop-default': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-function': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'drop-not-null': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-table': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-table-locks-parents': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.c', 'ACCESS EXCLUSIVE on public.p'] },
  ],
  'drop-type-cascade': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'drop-unique': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'duplicate-assignment': [{ versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'multiple assignments to same column "a"' }],
  'enum-rename-value': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'enum-value-used-in-same-transaction': [
    { versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'unsafe use of new value "fine" of enum type mood' },
  ],
  'enum-value-without-position': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'explicit-lock': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.t'] }],
  'extension-update': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'foreign-key-drop-locks-parent': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.c', 'ACCESS EXCLUSIVE on public.p'] },
  ],
  'foreign-key-type-mismatch': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['SHARE ROW EXCLUSIVE on public.p', 'SHARE ROW EXCLUSIVE on public.t'] },
  ],
  'foreign-key-without-index': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['SHARE ROW EXCLUSIVE on public.p', 'SHARE ROW EXCLUSIVE on public.t'] },
  ],
  'grant-to-public': [
    { versions: [13, 14, 15, 16, 17], did: [] },
    { versions: [18], did: ['ACCESS SHARE on public.t'] },
  ],
  'if-not-exists-differs': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'if-not-exists-still-locks': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'index-over-three-columns': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'index-replaced-in-gap': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'invalid-index-skipped': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE on public.m', 'SHARE on public.m1'] }],
  'key-without-partition-column': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: [],
      refused: 'unique constraint on partitioned table must include all partitioning columns',
    },
  ],
  'lock-held-through-work': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ROW EXCLUSIVE on public.other', 'reads all of public.other'] }],
  'lock-timeout-off': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'many-tables-locked': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'name-too-long': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'not-idempotent': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'not-null-scan': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'reads all of public.t'] }],
  'not-null-without-default': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'reads all of public.t'] }],
  'opaque-statement': [{ versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'relation "t" does not exist' }],
  'partition-of-locks-parent': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.m'] }],
  'prefer-bigint': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'prefer-identity': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'prefer-jsonb': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'prefer-numeric': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'prefer-text': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'prefer-timestamptz': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'published-table': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'redundant-index': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'refused-by-dependents': [
    { versions: [13, 14, 15, 16, 17, 18], did: [], refused: 'cannot alter type of a column used by a view or rule' },
  ],
  'rename-column': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'rename-table': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'replaced-function': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'replaced-view': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS SHARE on public.t', 'ACCESS EXCLUSIVE on public.v'] }],
  'replica-identity-lost': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'result-type': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'revoke-privilege': [
    { versions: [13, 14, 15, 16, 17], did: [] },
    { versions: [18], did: ['ACCESS SHARE on public.t'] },
  ],
  'rewrite-needs-disk': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'row-security-without-policy': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'security-definer-search-path': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'set-unlogged': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'small-primary-key': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'table-without-primary-key': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'trigger-locks-table': [{ versions: [13, 14, 15, 16, 17, 18], did: ['SHARE ROW EXCLUSIVE on public.t'] }],
  'truncate': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'truncate-cascade': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.c', 'ACCESS EXCLUSIVE on public.p'] }],
  'type-change-rebuilds': [
    { versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'] },
  ],
  'type-narrowing': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'unbatched-write': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ROW EXCLUSIVE on public.t', 'reads all of public.t'] }],
  'unique-over-existing-rows': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE UPDATE EXCLUSIVE on public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
  'unpaired-begin': [{ versions: [13, 14, 15, 16, 17, 18], did: [] }],
  'unqualified-name': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on s.t'] }],
  'validating-check': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t', 'reads all of public.t'] }],
  'validating-foreign-key': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['SHARE ROW EXCLUSIVE on public.p', 'SHARE ROW EXCLUSIVE on public.t', 'reads all of public.p', 'reads all of public.t'],
    },
  ],
  'volatile-check': [{ versions: [13, 14, 15, 16, 17, 18], did: ['ACCESS EXCLUSIVE on public.t'] }],
  'volatile-default-rewrite': [
    {
      versions: [13, 14, 15, 16, 17, 18],
      did: ['ACCESS EXCLUSIVE on public.t', 'rewrites public.t', 'builds an index on public.t', 'reads all of public.t'],
    },
  ],
}
