-- setup
CREATE TABLE n (id int, big bigint, amount numeric) PARTITION BY RANGE (big);
CREATE TABLE n_rest PARTITION OF n DEFAULT PARTITION BY LIST (id);
CREATE TABLE n1 (id int, big bigint, amount numeric);
INSERT INTO n1 SELECT i, i - 50, i FROM generate_series(1, 100) i;
CREATE TABLE m (id int, amount numeric(10,2)) PARTITION BY LIST (amount);
CREATE TABLE m1 (id int, amount numeric(10,2));
INSERT INTO m1 SELECT i, 1.5 FROM generate_series(1, 100) i;
-- migration
ALTER TABLE n ATTACH PARTITION n1 FOR VALUES FROM (-1000) TO (3000000000);
ALTER TABLE m ATTACH PARTITION m1 FOR VALUES IN (1.50);
