-- unfilled: it is about a table that is small enough to be changed at once
-- setup
CREATE TABLE t (a int PRIMARY KEY, b text);
INSERT INTO t VALUES (1), (2);
-- migration
UPDATE t SET b = (SELECT 'v');
