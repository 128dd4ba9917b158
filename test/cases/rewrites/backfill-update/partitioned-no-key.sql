-- backfill: yes
-- setup
CREATE TABLE "pa rt" (a int, b text, "c d" text) PARTITION BY RANGE (a);
CREATE TABLE part_1 PARTITION OF "pa rt" FOR VALUES FROM (0) TO (2000) PARTITION BY LIST ("c d");
CREATE TABLE part_1x PARTITION OF part_1 DEFAULT;
CREATE TABLE part_2 ("c d" text, b text, a int);
ALTER TABLE "pa rt" ATTACH PARTITION part_2 DEFAULT;
INSERT INTO "pa rt" SELECT i, CASE WHEN i % 3 = 0 THEN 'x' END, i FROM generate_series(1,4000) i;
-- migration
UPDATE "pa rt" AS p SET b = 'v' WHERE p.b IS NULL;
