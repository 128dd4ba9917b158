import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Migration } from '../../src/model/migration.ts'
import { plan } from '../../src/plan/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { catalogAfter, planAll, planOne, sqlMigration, textsOf } from '../support/planned.ts'

beforeAll(() => postgres.load())

const tables = `CREATE TABLE customers (id int PRIMARY KEY, email text, mood text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, total numeric(10,2));`

describe('one transaction or several', () => {
  test('a fresh database is migrated in one transaction, as the ORM would', () => {
    const planned = planOne(
      catalogAfter(''),
      `${tables} CREATE INDEX ON orders (status); ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers; CREATE TYPE mood AS ENUM ('a'); INSERT INTO customers VALUES (1);`,
    )
    expect(planned.steps).toHaveLength(1)
    expect(planned.steps[0]).toMatchObject({ kind: 'sql', transaction: true, locks: [], lockTimeoutMs: 0 })
    expect(planned.blocked).toEqual([])
  })

  test('strong locks on two tables are two steps, on one table one', () => {
    const planned = planOne(
      catalogAfter(tables),
      'ALTER TABLE orders ADD COLUMN a int; ALTER TABLE orders ADD COLUMN b int; ALTER TABLE customers ADD COLUMN c int;',
    )
    expect(textsOf(planned)).toEqual([
      'ALTER TABLE orders ADD COLUMN a int; ALTER TABLE orders ADD COLUMN b int',
      'ALTER TABLE customers ADD COLUMN c int',
    ])
    expect(planned.steps.map((step) => step.kind === 'sql' && step.lockTimeoutMs)).toEqual([100, 100])
  })

  test('an ALTER TABLE none of whose actions needs another way keeps the bytes of the user', () => {
    const sql = "ALTER TABLE orders ADD COLUMN a int, -- first\n  ALTER COLUMN status SET DEFAULT 'x;y', ADD b int"
    expect(textsOf(planOne(catalogAfter(tables), `${sql};`))).toEqual([sql])
  })

  test('a new table that refers to one that is in use locks that one for an instant', () => {
    const planned = planOne(catalogAfter(tables), 'CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders);')
    expect(planned.steps).toMatchObject([{ locks: [{ relation: 'public.orders', mode: 'SHARE ROW EXCLUSIVE' }], lockTimeoutMs: 100 }])
  })

  test('a new value of an enum is committed before what follows uses it', () => {
    const planned = planOne(
      catalogAfter(`CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int, m mood);`),
      `ALTER TYPE mood ADD VALUE 'b'; CREATE TABLE u (m mood DEFAULT 'b'); ALTER TYPE mood ADD VALUE 'c';`,
    )
    expect(planned.steps).toHaveLength(3)
    expect(planned.blocked).toEqual([])
  })

  test('BEGIN and COMMIT of the file are left out where its statements are cut apart', () => {
    const planned = planOne(catalogAfter(tables), 'BEGIN; ALTER TABLE orders ADD COLUMN a int; CREATE INDEX ON orders (a); COMMIT;')
    expect(textsOf(planned)).toEqual(['ALTER TABLE orders ADD COLUMN a int', 'CREATE INDEX CONCURRENTLY orders_a_idx ON public.orders (a)'])
  })

  test('ids begin with the place of the step and are the same whenever the plan is made again', () => {
    const make = () =>
      planOne(catalogAfter(tables), 'ALTER TABLE orders ADD COLUMN a int; CREATE INDEX "I é" ON orders (status);').steps.map(({ id }) => id)
    expect(make()).toEqual(['1-add-column-public-orders-a', '2-build-index-i'])
    expect(make()).toEqual(make())
  })
})

describe('what ties statements together', () => {
  test.each([
    ['a temporary table', 'CREATE TEMP TABLE s (id int); INSERT INTO s VALUES (1); DROP TABLE s;', 1],
    ['SET LOCAL', 'SET LOCAL search_path = public; ALTER TABLE orders ADD COLUMN a int;', 1],
    ['SET ROLE', 'SET ROLE postgres; CREATE TABLE mine (id int); RESET ROLE; CREATE INDEX ON orders (status);', 2],
    ['a savepoint', 'SAVEPOINT s; ALTER TABLE orders ADD COLUMN a int; RELEASE s;', 1],
    ['LOCK TABLE', 'LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; ALTER TABLE orders ADD COLUMN a int;', 1],
    ['currval', "CREATE SEQUENCE s; SELECT nextval('s'); INSERT INTO customers VALUES (currval('s'));", 1],
  ])('%s keeps its statements in one step', (_, sql, steps) => {
    const planned = planOne(catalogAfter(tables), sql, ['explicit-lock'])
    expect(planned.blocked).toEqual([])
    expect(planned.steps).toHaveLength(steps)
  })

  test('a constraint that is checked at the end ties what would have been one transaction, and nothing where each statement commits', () => {
    const before = catalogAfter(
      `${tables} ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers DEFERRABLE INITIALLY DEFERRED;`,
    )
    const sql = 'INSERT INTO orders VALUES (1, 1); CREATE INDEX ON orders (status);'
    const planned = (transaction: Migration['transaction'], text: string) =>
      planAll(before, [{ ...sqlMigration(text), transaction }]).migrations[0]?.blocked.map(({ rule }) => rule)
    expect(planned('file', sql)).toContain('cannot-split')
    expect(planned('none', sql)).toEqual([])
    expect(planned('none', `BEGIN; ${sql} COMMIT;`)).toContain('cannot-split')
  })

  test('a build in one transaction with a temporary table is refused, naming what ties it', () => {
    const planned = planOne(catalogAfter(tables), 'CREATE TEMP TABLE s (id int);\nCREATE INDEX i ON orders (status);\nDROP TABLE s;')
    expect(planned.blocked.map(({ rule }) => rule)).toContain('cannot-split')
    expect(planned.blocked.find(({ rule }) => rule === 'cannot-split')?.message).toContain('the temporary table s ties lines 1 to 3')
  })

  test('ROLLBACK in a file is refused', () => {
    expect(planOne(catalogAfter(tables), 'BEGIN; CREATE TABLE t (id int); ROLLBACK;').blocked).toMatchObject([{ rule: 'cannot-split' }])
  })

  test('timeouts of the file give way to those of the runner, other settings go before each later step and file', () => {
    const first = sqlMigration(
      "SET lock_timeout = '5s'; SET LOCAL statement_timeout = 0; SET search_path = public; ALTER TABLE orders ADD COLUMN a int; CREATE INDEX ON orders (a);",
      'one',
    )
    const { migrations } = planAll(catalogAfter(tables), [first, sqlMigration('ALTER TABLE orders ADD COLUMN b int;', 'two')])
    const sessions = migrations.flatMap(({ steps }) => steps.map((step) => (step.kind === 'sql' ? step.session : [])))
    expect(sessions).toEqual([['SET search_path = public'], ['SET search_path = public'], ['SET search_path = public']])
  })
})

describe('hazards', () => {
  test('what breaks the running application is blocked, unless its rule is allowed for this migration', () => {
    const sql = 'ALTER TABLE orders DROP COLUMN status CASCADE;'
    expect(planOne(catalogAfter(tables), sql).blocked).toMatchObject([{ rule: 'drop-column' }])
    expect(planOne(catalogAfter(tables), sql, ['drop-column']).blocked).toEqual([])
    expect(planOne(catalogAfter(tables), sql, ['drop-column:m1']).blocked).toEqual([])
    expect(planOne(catalogAfter(tables), sql, ['drop-column:m2']).blocked).toHaveLength(1)
  })

  test('a rename goes by expand and contract, unless it is allowed as it is written', () => {
    const sql = 'ALTER TABLE orders RENAME COLUMN status TO state'
    const planned = planOne(catalogAfter(tables), sql)
    expect(planned.blocked).toEqual([])
    expect(planned.steps.map(({ kind, phase }) => `${kind} ${phase}`)).toEqual([
      'sql expand',
      'backfill backfill',
      'gate contract',
      'sql contract',
    ])
    expect(textsOf(planOne(catalogAfter(tables), sql, ['rename-column']))).toEqual([sql])
  })

  test('what an expansion keeps double is touched by no later statement: not in the file, and not in the next', () => {
    const [rename, index] = ['ALTER TABLE orders RENAME COLUMN status TO state;', 'CREATE INDEX i ON orders (state);']
    expect(planOne(catalogAfter(tables), `${rename} ${index}`).blocked).toMatchObject([{ rule: 'needs-contract-first' }])
    const others = sqlMigration('ALTER TABLE orders ADD COLUMN other int; UPDATE orders SET state = state WHERE id = 1;', 'm2')
    const { migrations, waiting } = planAll(catalogAfter(tables), [
      sqlMigration(rename),
      others,
      sqlMigration(index, 'm3'),
      sqlMigration('SELECT 1', 'm4'),
    ])
    expect(migrations.map(({ id }) => id)).toEqual(['m1', 'm2'])
    expect(waiting).toEqual({ migration: 'm3', behind: 'm1', what: 'the columns status and state of public.orders' })
  })

  test('whoever allows a hazard that has a cure gets the statement as written', () => {
    const sql = 'CREATE INDEX i ON orders (status)'
    const planned = planOne(catalogAfter(tables), `${sql};`, ['blocking-index-build'])
    expect(textsOf(planned)).toEqual([sql])
    expect(planned.steps[0]).toMatchObject({
      transaction: true,
      lockTimeoutMs: 100,
      statementTimeoutMs: 0,
      hazards: [{ rule: 'blocking-index-build' }],
    })
  })

  test('DROP TABLE waits for its gate, or is allowed; either way the foreign keys go first, each in a step of its own', () => {
    const setup = `${tables} ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers;`
    const gated = planOne(catalogAfter(setup), 'DROP TABLE orders;')
    expect(gated.blocked).toEqual([])
    expect(gated.steps.map(({ kind }) => kind)).toEqual(['gate', 'sql', 'sql'])
    const planned = planOne(catalogAfter(setup), 'DROP TABLE orders;', ['drop-table'])
    expect(textsOf(planned)).toEqual(['ALTER TABLE public.orders DROP CONSTRAINT fk', 'DROP TABLE public.orders'])
    expect(planned.steps.at(-1)).toMatchObject({ undo: { kind: 'forward-only' }, locks: [{ relation: 'public.orders' }] })
  })

  test('a swap of two names that was allowed stays in one transaction', () => {
    const planned = planOne(catalogAfter(tables), 'ALTER TABLE orders RENAME TO old; ALTER TABLE customers RENAME TO orders;', [
      'rename-table',
    ])
    expect(planned.blocked).toEqual([])
    expect(planned.steps).toHaveLength(1)
  })

  test("Prisma's change of an enum goes by a second column, or as the one transaction that it is for whoever allows the table rewrite", () => {
    const setup = `CREATE TYPE "Role" AS ENUM ('A', 'B'); CREATE TABLE "User" (id int PRIMARY KEY, role "Role" NOT NULL DEFAULT 'A');`
    const sql = `-- AlterEnum
BEGIN;
CREATE TYPE "Role_new" AS ENUM ('A');
ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT;
ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
ALTER TABLE "User" ALTER COLUMN "role" SET DEFAULT 'A';
COMMIT;`
    const rules = planOne(catalogAfter(setup), sql).blocked.map(({ rule }) => rule)
    expect(rules.length).toBeGreaterThan(0)
    const small = planOne(catalogAfter(setup), sql, rules)
    expect(small.blocked).toEqual([])
    expect(small.steps.map(({ kind }) => kind)).toContain('backfill')
    expect(small.steps.at(-1)).toMatchObject({ phase: 'cut-over', transaction: true })
    const planned = planOne(catalogAfter(setup), sql, [...new Set(rules), 'blocking-table-rewrite'])
    expect(planned.blocked).toEqual([])
    expect(planned.steps).toMatchObject([{ kind: 'sql', transaction: true }])
    expect(planned.steps[0]).toHaveProperty('sql.length', 7)
  })

  test('an UPDATE that asks other rows is refused with the reason', () => {
    const planned = planOne(catalogAfter(tables), 'UPDATE orders SET status = (SELECT max(email) FROM customers);')
    expect(planned.blocked).toMatchObject([{ rule: 'unbatched-write' }])
    expect(planned.blocked[0]?.message).toContain('it asks other rows (a subquery)')
  })

  test('work under a lock that no rule knows is refused all the same', () => {
    const sql = 'CREATE INDEX i ON orders (status);'
    const options = { project: 'p', catalog: catalogAfter(tables), lockBudgetMs: 100, statementTimeoutMs: 5_000, allow: [], touched: '' }
    const silent = { ...postgres, hazards: [], rewrites: [] }
    expect(plan(silent, [sqlMigration(sql)], options).migrations[0]?.blocked).toMatchObject([{ rule: 'work-under-lock' }])
  })
})

describe('what would change nothing', () => {
  const drop = 'ALTER TABLE orders DROP CONSTRAINT IF EXISTS once'

  test('has no step', () => {
    expect(textsOf(planOne(catalogAfter(tables), `${drop};`))).toEqual([])
  })

  test('is left to the server where a trigger may have a constraint of the name, which is in no catalog', () => {
    const trigger = 'CREATE CONSTRAINT TRIGGER once AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();'
    expect(textsOf(planOne(catalogAfter(`${tables} ${trigger}`), `${drop};`))).toEqual([drop])
  })
})

describe('checks of the data', () => {
  const unique = 'CREATE UNIQUE INDEX ON customers (email);'
  test('what can be looked at now is looked at before the run', () => {
    expect(planOne(catalogAfter(tables), unique).checks).toMatchObject([
      { before: 'run', failure: 'public.customers has duplicate values in (email)' },
    ])
  })

  test('what an earlier migration changes is looked at before its own migration', () => {
    const { migrations } = planAll(catalogAfter(tables), [
      sqlMigration('DELETE FROM customers WHERE id > 5;', 'one'),
      sqlMigration(unique, 'two'),
    ])
    expect(migrations[1]?.checks).toMatchObject([{ before: 'migration' }])
  })

  test('what the same migration changes first cannot be looked at', () => {
    expect(planOne(catalogAfter(tables), `DELETE FROM customers WHERE mood IS NULL; ${unique}`).checks).toEqual([])
    expect(
      planOne(catalogAfter(tables), 'ALTER TABLE customers ADD COLUMN code text; CREATE UNIQUE INDEX ON customers (code);').checks,
    ).toEqual([])
  })

  test('NULLs are looked for where nothing fills them, and not where a default does', () => {
    expect(planOne(catalogAfter(tables), 'ALTER TABLE orders ALTER status SET NOT NULL;').checks).toHaveLength(1)
    expect(planOne(catalogAfter(tables), "ALTER TABLE orders ALTER status SET NOT NULL, ALTER status SET DEFAULT 'x';").checks).toEqual([])
  })
})

describe('whole folders', () => {
  test('the Prisma folder of the demo is planned without a blocker, each NULL filled before it is refused', () => {
    const folder = join(import.meta.dirname, '../../src/demo/prisma/migrations')
    const files = readdirSync(folder)
      .filter((name) => /^\d/.test(name))
      .toSorted()
    const [init = '', ...pending] = files.map((name) => readFileSync(join(folder, name, 'migration.sql'), 'utf8'))
    const { migrations } = planAll(
      catalogAfter(init, 13),
      pending.map((sql, at) => sqlMigration(sql, `${at}`)),
    )
    expect(migrations.flatMap(({ blocked }) => blocked)).toEqual([])
    const required = migrations[1]
    expect(required === undefined ? [] : textsOf(required)).toEqual([
      `ALTER TABLE "orders" ALTER COLUMN "status" SET DEFAULT 'new'`,
      'fill status = DEFAULT where status IS NULL',
      'ALTER TABLE public.orders ADD CONSTRAINT _lk_status_not_null CHECK (status IS NOT NULL) NOT VALID',
      'fill status = DEFAULT where status IS NULL',
      'ALTER TABLE public.orders VALIDATE CONSTRAINT _lk_status_not_null',
      'ALTER TABLE public.orders ALTER COLUMN status SET NOT NULL; ALTER TABLE public.orders DROP CONSTRAINT _lk_status_not_null',
    ])
  })

  test('recorded statements get their parameters as text', () => {
    const body: Migration['body'] = {
      kind: 'recorded',
      bytes: Buffer.from(''),
      assumptions: [],
      statements: [{ sql: 'INSERT INTO customers (id, email) VALUES ($1, $2)', parameters: [7, "it's"] }],
    }
    const { migrations } = planAll(catalogAfter(tables), [{ ...sqlMigration(''), body }])
    expect(migrations.map(textsOf)).toEqual([["INSERT INTO customers (id, email) VALUES ('7', 'it''s')"]])
  })
})
