-- rewritten: no
-- setup
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE t (id int PRIMARY KEY, m mood);
INSERT INTO t VALUES (1, 'a');
-- migration
ALTER TYPE mood ADD VALUE 'b';
ALTER TABLE t ALTER COLUMN m SET DEFAULT 'b';
