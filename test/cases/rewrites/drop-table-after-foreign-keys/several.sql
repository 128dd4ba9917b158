-- allow: drop-table
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, code text);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, status text, total numeric(10,2), note text, qty int);
INSERT INTO customers (email, code) SELECT 'c' || i || '@example.com', 'k' || i FROM generate_series(1, 50) i;
INSERT INTO orders (customer_id, status, total, note, qty) SELECT 1 + i % 50, CASE WHEN i % 20 = 0 THEN NULL ELSE 'new' END, i, 'n' || i, i FROM generate_series(1, 2000) i;
ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id);
CREATE TABLE items (id serial PRIMARY KEY, order_id int REFERENCES orders (id), self int REFERENCES items (id));
-- migration
DROP TABLE IF EXISTS items, orders, missing;
