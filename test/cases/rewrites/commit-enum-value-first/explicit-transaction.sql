-- setup
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE t (id int PRIMARY KEY, m mood);
INSERT INTO t SELECT i, 'a' FROM generate_series(1, 300) i;
-- migration
BEGIN;
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s';
COMMIT;
ALTER TABLE t ADD COLUMN n mood NOT NULL DEFAULT 'it''s';
CREATE INDEX ON t (id) WHERE m = 'it''s';
