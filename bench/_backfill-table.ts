import type { Workload } from '../src/demo/workload.ts'

/** `wide`: some 1,000 bytes a row, not compressed. `shuffled`: the key is in no order on the heap. `scattered`: nor is the owner, so that each leaf of its index points everywhere. `indexed`: the column that is filled has an index. */
export const shapes = ['narrow', 'wide', 'shuffled', 'scattered', 'indexed', 'fillfactor-85'] as const
export type Shape = (typeof shapes)[number]

/** Forty rows an owner, made one after the other, or all over the table. */
const together = 'i / 40'
const owners: { readonly [shape in Shape]: string } = {
  'narrow': together,
  'wide': together,
  'shuffled': together,
  'scattered': '(i::bigint * 7919) % 50021',
  'indexed': together,
  'fillfactor-85': together,
}

/** As in pgfacts.md, part B: some 104 bytes a row, a primary key and two indexes; what is filled is a new text column. */
export const tableSql = (rows: number, shape: Shape = 'narrow'): readonly string[] => [
  `CREATE TABLE acct (id bigint NOT NULL, owner int NOT NULL, email text NOT NULL, first text NOT NULL, last text NOT NULL, balance numeric NOT NULL, changed timestamptz NOT NULL, wide text, full_name text)${shape === 'fillfactor-85' ? ' WITH (fillfactor = 85)' : ''}`,
  `INSERT INTO acct SELECT i, ${owners[shape]}, 'user' || i || '@example.com', 'First' || i % 1009, 'Last' || i % 10007, i % 1000, '2026-01-01', ${shape === 'wide' ? `repeat(md5(i::text), 28)` : 'NULL'}, NULL FROM generate_series(1, ${rows}) i${shape === 'shuffled' ? ' ORDER BY hashint8(i)' : ''}`,
  'ALTER TABLE acct ADD PRIMARY KEY (id)',
  'CREATE INDEX acct_email ON acct (email)',
  'CREATE INDEX acct_owner ON acct (owner)',
  ...(shape === 'indexed' ? ['CREATE INDEX acct_full_name ON acct (full_name)'] : []),
]

/** 200 queries a second, half of them writes, by uniform key. */
export const traffic = (rows: number): readonly Workload[] => [
  { kind: 'read', sql: 'SELECT * FROM acct WHERE id = $1', values: [{ from: 1, to: rows }], connections: 12, perSecond: 100 },
  {
    kind: 'write',
    sql: 'UPDATE acct SET balance = balance + 1 WHERE id = $1',
    values: [{ from: 1, to: rows }],
    connections: 12,
    perSecond: 100,
  },
]

export const change = { set: `full_name = first || ' ' || last`, where: 'full_name IS NULL' } as const
