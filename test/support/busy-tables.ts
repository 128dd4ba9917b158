import { orderQueries, type Query } from './traffic.ts'

/** A large table that an application uses, and a migration that takes many rewrites. */
export interface BusyTable {
  readonly name: string
  /** Its canonical name, with which those of its partitions begin. */
  readonly relation: string
  readonly setup: (rows: number) => string
  readonly migration: string
  readonly allow: readonly string[]
  readonly queries: readonly Query[]
}

const orders: BusyTable = {
  name: 'a table',
  relation: 'public.orders',
  setup: (rows) => `CREATE TABLE "Customer" (id serial PRIMARY KEY, email text NOT NULL);
CREATE TYPE mood AS ENUM ('glad');
CREATE TABLE orders (id serial NOT NULL UNIQUE, "customerId" int NOT NULL, note text, total numeric NOT NULL, state text,
  code varchar(20) CHECK (code <> ''), mood mood);
CREATE TABLE drafts (id serial PRIMARY KEY, order_id int REFERENCES orders (id));
CREATE TABLE archive (order_id int PRIMARY KEY, total numeric);
INSERT INTO "Customer" (email) SELECT 'c' || n || '@example.com' FROM generate_series(1, 200) n;
INSERT INTO orders ("customerId", note, total, state, code)
  SELECT 1 + n % 200, CASE WHEN n % 20 <> 0 THEN 'note ' || n END, n, CASE WHEN n % 3 <> 0 THEN 'open' END, 'k' || n FROM generate_series(1, ${rows}) n;
CREATE INDEX orders_note_idx ON orders (note);
CREATE MATERIALIZED VIEW totals AS SELECT "customerId", sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX totals_idx ON totals ("customerId");
VACUUM ANALYZE orders;`,
  migration: `CREATE INDEX orders_state_idx ON orders (state);
DROP INDEX orders_note_idx;
UPDATE orders SET note = 'none' WHERE note IS NULL AND total > 1;
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'open', ALTER COLUMN state SET NOT NULL;
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
ALTER TABLE orders ADD FOREIGN KEY ("customerId") REFERENCES "Customer";
ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
ALTER TABLE orders ADD COLUMN grade int DEFAULT 1 CHECK (grade > 0);
ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;
ALTER TABLE orders ALTER COLUMN code TYPE varchar(40);
ALTER TABLE orders ALTER COLUMN grade TYPE bigint;
ALTER TABLE orders ADD PRIMARY KEY (id);
ALTER TABLE orders ADD CONSTRAINT orders_once UNIQUE (id, state);
ALTER TYPE mood ADD VALUE 'calm';
ALTER TABLE orders ALTER COLUMN mood SET DEFAULT 'calm';
REFRESH MATERIALIZED VIEW totals;
DROP TABLE drafts;
REINDEX INDEX orders_state_idx;
INSERT INTO archive (order_id, total) SELECT id, total FROM orders WHERE total < 1000 ON CONFLICT DO NOTHING;
DELETE FROM orders WHERE total >= 4500;`,
  allow: ['result-type', 'drop-table'],
  queries: [...orderQueries, (n) => `select total from totals where "customerId" = ${1 + (n % 200)}`],
}

const events: BusyTable = {
  name: 'a partitioned table',
  relation: 'public.events',
  setup: (rows) => `CREATE TABLE "Customer" (id serial PRIMARY KEY, email text NOT NULL);
INSERT INTO "Customer" (email) SELECT 'c' || n || '@example.com' FROM generate_series(1, 200) n;
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, customer int, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_23 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX events_id_idx ON events (id);
CREATE TABLE events_25 (LIKE events INCLUDING INDEXES);
INSERT INTO events SELECT n, date '2023-01-01' + n % 700, 1 + n % 200, 'k' || n % 7 FROM generate_series(1, ${rows}) n;
INSERT INTO events_25 SELECT n, date '2025-01-01' + n % 300, 1 + n % 200, 'k' || n % 7 FROM generate_series(1, ${rows} / 5) n;
VACUUM ANALYZE events, events_25;`,
  migration: `ALTER TABLE events ATTACH PARTITION events_25 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX events_kind_idx ON events (kind);
ALTER TABLE events ADD CONSTRAINT events_once UNIQUE (id, at);
ALTER TABLE events ADD FOREIGN KEY (customer) REFERENCES "Customer" (id);
CREATE TABLE events_26 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events DETACH PARTITION events_23;`,
  allow: [],
  queries: [
    (n) => `select kind from events where id = ${1 + (n % 4000)} and at >= '2024-01-01'`,
    (n) => `update events set kind = kind where id = ${1 + ((n * 7) % 4000)} and at >= '2024-01-01'`,
    (n) => `insert into events (id, at, customer, kind) values (${-n}, '2024-06-01', ${1 + (n % 200)}, 'new')`,
    (n) => `select c.email from "Customer" c where c.id = ${1 + (n % 200)}`,
  ],
}

export const busyTables: readonly BusyTable[] = [orders, events]
