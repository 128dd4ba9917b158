-- backfill: yes
-- setup
CREATE TABLE t (a int, b text);
INSERT INTO t SELECT i, NULL FROM generate_series(1,3000) i;
-- migration
UPDATE t SET b = 'v' WHERE b IS NULL;
