-- unfilled: its key is a pair, and both columns of each row belong together
-- setup
CREATE TABLE p (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE c (x int, y text, z int);
INSERT INTO p SELECT i, 'b' || i FROM generate_series(1,50) i;
INSERT INTO c SELECT i, 'b' || i, i FROM generate_series(1,50) i;
INSERT INTO c VALUES (NULL, 'q', 1);
-- migration
ALTER TABLE c ADD FOREIGN KEY (x, y) REFERENCES p (a, b) ON DELETE SET NULL;
