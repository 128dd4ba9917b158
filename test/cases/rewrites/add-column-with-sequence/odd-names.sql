-- volatile: Order "Lines" é.n'o
-- setup
CREATE SCHEMA "Sales Dept";
CREATE TABLE "Sales Dept"."Order ""Lines"" é" ("Id" int PRIMARY KEY);
INSERT INTO "Sales Dept"."Order ""Lines"" é" SELECT i FROM generate_series(1, 300) i;
-- migration
ALTER TABLE "Sales Dept"."Order ""Lines"" é" ADD COLUMN "n'o" bigserial CONSTRAINT "not 0" CHECK ("n'o" <> 0);
