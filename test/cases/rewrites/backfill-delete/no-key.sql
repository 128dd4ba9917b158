-- backfill: yes
-- setup
CREATE TABLE t (a int, b text);
INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'x' END FROM generate_series(1,5000) i;
-- migration
DELETE FROM public.t WHERE public.t.b IS NULL;
