-- unfilled: it is about a table that is small enough to be copied at once
-- setup
CREATE TABLE a (id bigint PRIMARY KEY, x text);
INSERT INTO a VALUES (1, 'a'), (2, 'b');
CREATE TABLE b (id bigint, x text);
-- migration
INSERT INTO b SELECT max(id), 'n' FROM a;
