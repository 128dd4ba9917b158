-- backfill: yes
-- setup
CREATE TABLE a (id int, k text, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE a1 PARTITION OF a FOR VALUES IN ('k1');
CREATE TABLE a2 PARTITION OF a DEFAULT;
INSERT INTO a SELECT i, 'k' || i % 3, 'v' || i FROM generate_series(1,4000) i;
-- migration
CREATE TABLE b (id int, k text, v text);
INSERT INTO b (id, k, v) SELECT id, k, upper(v) FROM a WHERE k <> 'k0';
CREATE INDEX ON b (k);
