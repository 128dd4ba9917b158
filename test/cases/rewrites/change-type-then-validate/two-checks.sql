-- allow: result-type
-- setup
CREATE TABLE customers (id serial PRIMARY KEY, email varchar(100) NOT NULL, code varchar(20), total numeric(10,2));
INSERT INTO customers (email, code, total) SELECT 'c' || i || '@example.com', 'k' || i, i FROM generate_series(1, 500) i;
CREATE INDEX ON customers (email);
ALTER TABLE customers ADD CHECK (code <> ''), ADD CHECK (code <> email) NO INHERIT, ADD CONSTRAINT open CHECK (code <> 'open') NOT VALID;
-- migration
ALTER TABLE customers ALTER code SET DATA TYPE varchar(40), ALTER COLUMN email TYPE varchar(200);
