ALTER TABLE orders ADD COLUMN number bigserial UNIQUE;
