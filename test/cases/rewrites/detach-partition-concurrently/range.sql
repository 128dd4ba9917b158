-- versions: 14-18
-- setup
CREATE TABLE kinds (k text PRIMARY KEY);
INSERT INTO kinds SELECT 'k' || i FROM generate_series(1, 400) i;
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text REFERENCES kinds, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE "events 2025" PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT i, date '2024-01-01' + i, 'k' || i FROM generate_series(1, 400) i;
CREATE INDEX ON events (kind);
-- migration
ALTER TABLE events DETACH PARTITION "events 2025";
ALTER TABLE events DETACH PARTITION events_2024;
