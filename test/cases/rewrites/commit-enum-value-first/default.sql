-- setup
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE t (id int PRIMARY KEY, m mood);
INSERT INTO t SELECT i, 'a' FROM generate_series(1, 300) i;
-- migration
ALTER TYPE mood ADD VALUE 'b' BEFORE 'a';
ALTER TABLE t ALTER COLUMN m SET DEFAULT 'b';
UPDATE t SET m = 'b' WHERE id % 2 = 0;
