-- setup
CREATE TABLE events (id bigint NOT NULL, at date, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE "events 2025" (id bigint NOT NULL, at date, kind text);
INSERT INTO events SELECT i, date '2024-01-01' + i, 'k' || i FROM generate_series(1, 300) i;
INSERT INTO "events 2025" SELECT i, date '2025-01-01' + i, 'k' || i FROM generate_series(1, 300) i;
-- migration
ALTER TABLE events ATTACH PARTITION "events 2025" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
