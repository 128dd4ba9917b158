-- the notes of a customer
-- Up Migration
CREATE TABLE notes (id bigint PRIMARY KEY, note text);
ALTER TABLE customers ADD COLUMN note_id bigint;

-- Down Migration
ALTER TABLE customers DROP COLUMN note_id;
DROP TABLE notes;
