-- setup
CREATE TABLE "Odd ""T" (id int PRIMARY KEY, a int, "b'c" text DEFAULT 'x');
CREATE TABLE child (extra int) INHERITS ("Odd ""T");
INSERT INTO "Odd ""T" SELECT i, i FROM generate_series(1, 1000) i;
-- migration
ALTER TABLE "Odd ""T" ADD COLUMN IF NOT EXISTS a bigint NOT NULL DEFAULT 5, DROP COLUMN IF EXISTS zz, ADD COLUMN IF NOT EXISTS "b'c" text;
ALTER TABLE "Odd ""T" DROP COLUMN IF EXISTS extra;
