ALTER TYPE state ADD VALUE 'closed';
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'closed';
UPDATE orders SET state = 'closed' WHERE state IS NULL;
