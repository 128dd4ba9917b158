-- setup
CREATE TABLE t (at timestamp, v int);
INSERT INTO t SELECT timestamp '2024-01-01' + i * interval '1 day', i FROM generate_series(1,100) i;
-- migration
CREATE INDEX ON t (extract(year FROM at), (v::text), coalesce(v, 0), (v + 1), (CASE WHEN v > 1 THEN 1 END));
