-- setup
CREATE TABLE l (id int, "Kind" varchar(10)) PARTITION BY LIST ("Kind");
CREATE TABLE l_rest PARTITION OF l DEFAULT;
CREATE TABLE "it's" (id int, "Kind" varchar(10));
INSERT INTO l SELECT i, 'zz' FROM generate_series(1, 100) i;
INSERT INTO "it's" SELECT i, CASE i % 3 WHEN 0 THEN 'a''b' WHEN 1 THEN 'c\d' END FROM generate_series(1, 100) i;
-- migration
ALTER TABLE l ATTACH PARTITION "it's" FOR VALUES IN ('a''b', 'c\d', NULL);
