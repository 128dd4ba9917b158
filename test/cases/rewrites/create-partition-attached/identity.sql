-- setup
CREATE SCHEMA "Other Schema";
CREATE TABLE "Other Schema".l (id int GENERATED ALWAYS AS IDENTITY, number serial, kind text) PARTITION BY LIST (kind);
CREATE TABLE "Other Schema".l_a PARTITION OF "Other Schema".l FOR VALUES IN ('a');
CREATE TABLE h (id int NOT NULL) PARTITION BY HASH (id);
CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
INSERT INTO "Other Schema".l (kind) SELECT 'a' FROM generate_series(1, 100);
-- migration
CREATE TABLE "Other Schema"."l b" PARTITION OF "Other Schema".l FOR VALUES IN ('b', NULL);
CREATE TABLE h_1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
