-- volatile: B 2.at
-- backfill: yes
-- setup
CREATE TABLE a (id bigint PRIMARY KEY, x text, n int);
INSERT INTO a SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE 'x' || i END, i % 10 FROM generate_series(1,4000) i;
CREATE TABLE "B 2" ("I d" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text NOT NULL, at timestamptz, y int);
INSERT INTO "B 2" OVERRIDING SYSTEM VALUE VALUES (14, 'there', NULL, 1);
-- migration
INSERT INTO public."B 2" ("I d", x, at, y) OVERRIDING SYSTEM VALUE
SELECT o.id AS "select", coalesce(o.x, 'from where'), now(), extract(day FROM current_date)::int * 0 + o.n FROM public.a AS o WHERE o.x IS DISTINCT FROM 'x5' AND o.n <> 3 -- not this
ON CONFLICT ("I d") DO NOTHING;
