import type { Workload } from './workload.ts'

/** Customers for a number of orders: 20 orders each. */
function customersFor(orders: number): number {
  return Math.max(10, Math.round(orders / 20))
}

/**
 * Fills the tables of the first migration on the server itself. Every 20th order has no status: the 5 % NULLs that
 * `String?` to `String @default` meets.
 */
export function fillSql(orders: number): readonly string[] {
  const customers = customersFor(orders)
  return [
    `INSERT INTO customers (email, created_at)
     SELECT 'customer' || i || '@example.com', timestamp '2024-01-01' + i * interval '1 minute' FROM generate_series(1, ${customers}) AS i`,
    `INSERT INTO orders (customer_id, status, total, created_at)
     SELECT 1 + (i::bigint * 7919) % ${customers},
       CASE WHEN i % 20 = 0 THEN NULL ELSE (ARRAY['paid', 'packed', 'shipped', 'returned'])[1 + i % 4] END,
       (i % 100000) / 100.0,
       timestamp '2024-01-01' + i * interval '10 seconds'
     FROM generate_series(1, ${orders}) AS i`,
  ]
}

/**
 * The application before the migration: 220 queries a second on 40 connections. Its updates hit rows without a status too,
 * which a NOT VALID constraint added before the backfill would refuse.
 */
export function shopTraffic(orders: number): readonly Workload[] {
  const order = { from: 1, to: orders }
  const customer = { from: 1, to: customersFor(orders) }
  return [
    {
      kind: 'read',
      sql: `SELECT o.id, o.status, o.total, o.created_at, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1`,
      values: [order],
      connections: 20,
      perSecond: 120,
    },
    {
      kind: 'write',
      sql: `UPDATE orders SET total = $1 WHERE id = $2`,
      values: [{ from: 1, to: 500 }, order],
      connections: 12,
      perSecond: 60,
    },
    {
      kind: 'insert',
      sql: `INSERT INTO orders (customer_id, status, total) VALUES ($1, $2, $3)`,
      values: [customer, { oneOf: ['paid', 'packed'] }, { from: 1, to: 500 }],
      connections: 8,
      perSecond: 40,
    },
  ]
}

/** What the two plain ways need written by hand, as a migration of its own, before the folder that it is named after. */
export const handWritten = {
  before: '20260104090014_order_status_required',
  sql: `UPDATE orders SET status = 'new' WHERE status IS NULL`,
} as const
