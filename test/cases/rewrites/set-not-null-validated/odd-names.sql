-- setup
CREATE SCHEMA "Sales Dept";
CREATE TABLE "Sales Dept"."Order ""Lines"" é✓" ("Id" int PRIMARY KEY, "select" text, "Großer Name" int, "it's" text);
INSERT INTO "Sales Dept"."Order ""Lines"" é✓" SELECT i, 's' || i, i, NULL FROM generate_series(1, 300) i;
UPDATE "Sales Dept"."Order ""Lines"" é✓" SET "it's" = 'x';
-- migration
ALTER TABLE "Sales Dept"."Order ""Lines"" é✓" ALTER COLUMN "it's" SET NOT NULL;
