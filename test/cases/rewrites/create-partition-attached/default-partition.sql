-- setup
CREATE TABLE events (id bigint NOT NULL, at timestamptz, kind text, UNIQUE (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT i, timestamptz '2024-06-01' - i * interval '1 day', 'k' || i FROM generate_series(1, 300) i;
INSERT INTO events VALUES (1, NULL, 'never');
-- migration
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
