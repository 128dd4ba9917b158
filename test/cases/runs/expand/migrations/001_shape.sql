ALTER TABLE users RENAME COLUMN full_name TO name;
ALTER TABLE users DROP COLUMN junk;
ALTER TABLE notes RENAME TO remarks;
DROP TABLE old_things;
