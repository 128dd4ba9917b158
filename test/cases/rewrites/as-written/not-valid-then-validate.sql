-- rewritten: no
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, p int);
CREATE TABLE parents (id int PRIMARY KEY);
INSERT INTO parents SELECT i FROM generate_series(1, 50) i;
INSERT INTO t SELECT i, i % 7, 1 + i % 50 FROM generate_series(1, 300) i;
-- migration
ALTER TABLE t ADD CONSTRAINT c CHECK (a >= 0) NOT VALID, VALIDATE CONSTRAINT c;
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES parents NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT f;
