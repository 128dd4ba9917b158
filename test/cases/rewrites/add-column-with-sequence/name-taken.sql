-- volatile: t.c
-- setup
CREATE TABLE t (a int);
INSERT INTO t SELECT i FROM generate_series(1, 300) i;
CREATE SEQUENCE t_c_seq;
CREATE TABLE _lk_c_seq (a int);
-- migration
ALTER TABLE t ADD COLUMN c serial, ADD COLUMN d int;
