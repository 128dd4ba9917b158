-- setup
CREATE SCHEMA "Sales Dept";
CREATE TABLE "Sales Dept"."Order ""Lines"" é✓" ("Id" int PRIMARY KEY, "select" text, "Großer Name" int, "it's" text);
INSERT INTO "Sales Dept"."Order ""Lines"" é✓" SELECT i, 's' || i, i, NULL FROM generate_series(1, 300) i;
-- migration
CREATE INDEX "I ""x"" é" ON "Sales Dept"."Order ""Lines"" é✓" ("select", "Großer Name");
CREATE UNIQUE INDEX ON "Sales Dept"."Order ""Lines"" é✓" ("Großer Name");
