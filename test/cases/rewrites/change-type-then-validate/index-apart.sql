-- allow: result-type
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email varchar(100) NOT NULL, code varchar(20), total numeric(10,2));
INSERT INTO customers (email, code, total) SELECT 'c' || i || '@example.com', 'k' || i, i FROM generate_series(1, 500) i;
CREATE INDEX ON customers (email);
CREATE INDEX customers_code_idx ON customers (code) WHERE total > 1;
ALTER TABLE customers ADD CHECK (code <> '');
-- migration
DROP INDEX customers_code_idx;
ALTER TABLE customers ALTER COLUMN code TYPE text;
CREATE INDEX customers_code_idx ON customers (code) WHERE total > 1;
