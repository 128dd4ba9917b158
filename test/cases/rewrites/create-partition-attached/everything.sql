-- setup
CREATE TABLE kinds (k text PRIMARY KEY);
INSERT INTO kinds SELECT 'k' || i FROM generate_series(1, 400) i;
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, gone int, kind varchar(20) DEFAULT 'k1' NOT NULL REFERENCES kinds, twice bigint GENERATED ALWAYS AS (id * 2) STORED,
  body text, CONSTRAINT "some kind" CHECK (kind <> ''), CHECK (id > 0), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
ALTER TABLE events DROP COLUMN gone, ALTER COLUMN body SET STORAGE EXTERNAL, ADD UNIQUE (kind, at, id);
CREATE INDEX ON events (kind) WHERE kind <> 'k2';
CREATE INDEX ON events (lower(body));
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION note();
COMMENT ON COLUMN events.body IS 'not for partitions';
CREATE STATISTICS some_stats ON id, at FROM events;
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO events (id, at, kind) SELECT i, date '2024-01-01' + i, 'k' || i FROM generate_series(1, 300) i;
-- migration
CREATE TABLE "events 2025" PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
