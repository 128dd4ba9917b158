-- unfilled: it is about a table that is small enough to be changed at once
-- rewritten: no
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, code text);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, status text, total numeric(10,2), note text, qty int);
INSERT INTO customers (email, code) SELECT 'c' || i || '@example.com', 'k' || i FROM generate_series(1, 50) i;
INSERT INTO orders (customer_id, status, total, note, qty) SELECT 1 + i % 50, CASE WHEN i % 20 = 0 THEN NULL ELSE 'new' END, i, 'n' || i, i FROM generate_series(1, 2000) i;
-- migration
CREATE TEMP TABLE staging (id int);
INSERT INTO staging VALUES (1), (2);
UPDATE customers SET code = 'staged' FROM staging WHERE customers.id = staging.id;
DROP TABLE staging;
