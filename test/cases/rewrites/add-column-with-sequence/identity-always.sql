-- volatile: orders.n
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, code text);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, status text, total numeric(10,2), note text, qty int);
INSERT INTO customers (email, code) SELECT 'c' || i || '@example.com', 'k' || i FROM generate_series(1, 50) i;
INSERT INTO orders (customer_id, status, total, note, qty) SELECT 1 + i % 50, CASE WHEN i % 20 = 0 THEN NULL ELSE 'new' END, i, 'n' || i, i FROM generate_series(1, 2000) i;
-- migration
ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;
