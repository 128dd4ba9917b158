-- setup
CREATE TABLE t (a int, b text, c int NOT NULL);
INSERT INTO t SELECT i, 'b' || i, i FROM generate_series(1, 500) i;
-- migration
ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (c);
