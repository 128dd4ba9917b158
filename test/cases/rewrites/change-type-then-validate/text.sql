-- allow: result-type
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email varchar(100) NOT NULL, code varchar(20), total numeric(10,2));
INSERT INTO customers (email, code, total) SELECT 'c' || i || '@example.com', 'k' || i, i FROM generate_series(1, 500) i;
CREATE INDEX ON customers (email);
ALTER TABLE customers ADD CONSTRAINT "has @" CHECK (email LIKE '%@%');
COMMENT ON CONSTRAINT "has @" ON customers IS 'it''s an address';
-- migration
ALTER TABLE customers ALTER COLUMN email TYPE text;
