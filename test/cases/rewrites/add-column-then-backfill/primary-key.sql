-- volatile: t.id
-- setup
CREATE TABLE t (a int);
CREATE UNIQUE INDEX t_a ON t (a);
INSERT INTO t SELECT i FROM generate_series(1,300) i;
-- migration
ALTER TABLE t ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid();
