-- backfill: yes
-- setup
CREATE TABLE a (id bigint PRIMARY KEY, x text, n int);
INSERT INTO a SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE 'x' || i END, i % 10 FROM generate_series(1,4000) i;
CREATE TABLE b (id bigint PRIMARY KEY, x text, n int);
-- migration
INSERT INTO b SELECT * FROM a;
