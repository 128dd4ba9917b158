/** A range of factors, or of milliseconds. */
export interface Span {
  readonly low: number
  readonly high: number
}

/**
 * How much longer kinds of work take than what can be sampled on a server without writing: reading the table's pages (`scan`), and sorting as
 * many integers as it has rows (`sort`). Measured by `bench/work-rates.ts` on PostgreSQL 13 and 18, 500,000 rows of 109 bytes with two
 * indexes, four rounds on two busy cores; the ranges hold all rounds of both, and half as much again, since a server's disks are unknown.
 */
export const workRates = {
  /** Times scan: SET NOT NULL and other looks at each row; measured 0.6 to 1.2. */
  read: { low: 0.5, high: 2 },
  /** Times scan: a CHECK is evaluated for each row; measured 1.7 to 3.2, with a regular expression 6. */
  evaluate: { low: 1, high: 8 },
  /** Times sort: a btree over numbers, dates, uuids; measured 0.5 to 1.9. Parallel workers halve it. */
  fixedIndex: { low: 0.4, high: 2.5 },
  /** Times sort: a btree over text, numeric or an expression; measured 2.6 to 4.3. Collations make the difference. */
  textIndex: { low: 1, high: 7 },
  /** Times sort: GIN, GiST, BRIN and others; GIN over to_tsvector measured 15 to 21. */
  otherIndex: { low: 1, high: 40 },
  /** Times sort, beside both scans: the join of a foreign key; measured 0.3 to 0.9. */
  join: { low: 0.2, high: 1.5 },
  /** Times scan, and for each byte times the sort of one row: heap and WAL written; measured 0.015 to 0.05 for the second. */
  writeScan: { low: 1, high: 3 },
  writeByte: { low: 0.01, high: 0.07 },
  /** Times sort, for the heap and each index: an UPDATE of every row; measured 4.4 to 13. */
  update: { low: 2, high: 20 },
  /** Times sort: a DELETE of every row; measured 1.2 to 3. Foreign keys that refer to it come on top. */
  remove: { low: 0.8, high: 5 },
} as const satisfies { readonly [work: string]: Span }

/** Where no table was large enough to sample: from a network disk to memory. Such tables take no time to speak of. */
export const unsampledBytesPerSecond: Span = { low: 100e6, high: 3e9 }

export function times({ low, high }: Span, ms: Span | number): Span {
  return typeof ms === 'number' ? { low: low * ms, high: high * ms } : { low: low * ms.low, high: high * ms.high }
}

export function sum(...spans: readonly Span[]): Span {
  return spans.reduce((all, span) => ({ low: all.low + span.low, high: all.high + span.high }), { low: 0, high: 0 })
}
