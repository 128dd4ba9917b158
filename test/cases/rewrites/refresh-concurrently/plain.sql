-- setup
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, total numeric(10,2));
INSERT INTO orders (customer_id, total) SELECT i % 50, i FROM generate_series(1, 2000) i;
CREATE MATERIALIZED VIEW "totals of" AS SELECT id, customer_id, total FROM orders;
CREATE UNIQUE INDEX ON "totals of" (id);
CREATE MATERIALIZED VIEW sums AS SELECT customer_id, sum(total) FROM orders GROUP BY 1;
CREATE UNIQUE INDEX ON sums (customer_id);
DELETE FROM orders WHERE id % 7 = 0;
-- migration
REFRESH MATERIALIZED VIEW "totals of" WITH DATA;
REFRESH MATERIALIZED VIEW public.sums;
