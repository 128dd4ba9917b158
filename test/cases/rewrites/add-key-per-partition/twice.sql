-- setup
CREATE SCHEMA "Other Schema";
CREATE TABLE "Other Schema"."Order" (id bigint NOT NULL, "At" date NOT NULL, kind text NOT NULL) PARTITION BY LIST ("At");
CREATE TABLE "Order_long_name_long_name_long_name_long_name_long_name_long_na" PARTITION OF "Other Schema"."Order" FOR VALUES IN ('2024-01-01');
CREATE TABLE "Other Schema"."quo""te" PARTITION OF "Other Schema"."Order" FOR VALUES IN ('2024-01-02', NULL);
INSERT INTO "Other Schema"."Order" SELECT i, date '2024-01-01' + i % 2, 'k' || i FROM generate_series(1, 900) i;
-- migration
ALTER TABLE "Other Schema"."Order" ADD UNIQUE (kind, "At"), ADD CONSTRAINT "it's" UNIQUE (id, "At");
