-- volatile: t.id
-- setup
CREATE TABLE t (a int);
INSERT INTO t SELECT i FROM generate_series(1, 300) i;
-- migration
ALTER TABLE t ADD COLUMN id bigserial PRIMARY KEY;
