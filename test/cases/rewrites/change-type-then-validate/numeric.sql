-- allow: result-type
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email varchar(100) NOT NULL, code varchar(20), total numeric(10,2));
INSERT INTO customers (email, code, total) SELECT 'c' || i || '@example.com', 'k' || i, i FROM generate_series(1, 500) i;
CREATE INDEX ON customers (email);
ALTER TABLE customers ADD CHECK (total >= 0);
-- migration
ALTER TABLE customers ALTER COLUMN total TYPE numeric(14,2) USING total;
