import { beforeAll, describe, expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { run } from '../../src/run/run.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'
import { runOptions } from '../support/run.ts'
import { sampleLocks, userTables } from '../support/sample-locks.ts'
import { startTraffic } from '../support/traffic.ts'

const rows = Number(process.env['LOCKKEEPER_LOCK_ROWS'] ?? 5_000_000)
const budgetMs = 100
const limitMs = 80 * 60_000

const setup = `CREATE TABLE "Customer" (id serial PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id serial PRIMARY KEY, "customerId" int NOT NULL, note text, total numeric NOT NULL, state text);
INSERT INTO "Customer" (email) SELECT 'c' || n || '@example.com' FROM generate_series(1, 200) n;
INSERT INTO orders ("customerId", note, total, state)
  SELECT 1 + n % 200, CASE WHEN n % 20 <> 0 THEN 'note ' || n END, n, CASE WHEN n % 3 <> 0 THEN 'open' END FROM generate_series(1, ${rows}) n;
CREATE INDEX orders_note_idx ON orders (note);
VACUUM ANALYZE orders;`

const migration = `CREATE INDEX orders_state_idx ON orders (state);
DROP INDEX orders_note_idx;
UPDATE orders SET note = 'none' WHERE note IS NULL AND total > 1;
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'open', ALTER COLUMN state SET NOT NULL;
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
ALTER TABLE orders ADD FOREIGN KEY ("customerId") REFERENCES "Customer";
ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
REINDEX INDEX orders_state_idx;`

beforeAll(() => postgres.load())

// On the newest version alone: what differs between versions is seen on smaller tables.
describe.runIf(testVersions.includes(18))('rewrites of a busy table on PostgreSQL 18', () => {
  test(`nobody is locked out of ${rows.toLocaleString('en')} rows for longer than the lock budget`, { timeout: limitMs }, async () => {
    await using database = await freshDatabase(18)
    const client = await database.client()
    for (const { sql } of postgres.parse(Buffer.from(setup))) await client.query(sql)
    await using session = await connect({ url: database.url, applicationName: 'plan' })
    const plan = planAll(await session.readCatalog(), [sqlMigration(migration)])
    expect(plan.migrations.flatMap(({ blocked }) => blocked)).toEqual([])

    await using elsewhere = await freshDatabase(18)
    const [sampling, control] = [await elsewhere.client(), await elsewhere.client()]
    await using locks = await sampleLocks({ sampling, control }, database.name, await userTables(client))
    await using traffic = await startTraffic(database.url)
    const report = await run(runOptions(database.url, plan, { signal: AbortSignal.timeout(limitMs), maxLockWaitMs: 600_000 }))

    const { failures, queries } = await traffic.stop()
    const holds = await locks.stop()
    expect(report.migrations).toMatchObject([{ state: 'complete' }])
    expect(failures).toEqual([])
    expect(queries).toBeGreaterThan(100)
    expect(holds.filter(({ ms }) => ms > budgetMs)).toEqual([])
    expect(holds.map(({ relation }) => relation)).toContain('public.orders')
    console.log(`${rows} rows, ${queries} queries, longest locks held: ${JSON.stringify(holds.slice(0, 3))}`)
  })
})
