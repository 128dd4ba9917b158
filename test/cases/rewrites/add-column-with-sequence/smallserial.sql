-- volatile: t.c
-- unfilled: a smallint does not number so many rows
-- setup
CREATE TABLE t (a int);
INSERT INTO t SELECT i FROM generate_series(1, 300) i;
-- migration
ALTER TABLE t ADD COLUMN c smallserial;
