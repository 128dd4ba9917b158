import { expect, test } from 'vitest'
import { readKind } from './_code-reads.ts'

test.each([
  'SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1',
  'SELECT "ns"."nspname" FROM "pg_class" "cls" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cls"."relnamespace" LEFT JOIN LATERAL unnest("cls"."x") "y" ON true',
  'SELECT * FROM current_schema()',
  'SELECT version()',
  'SHOW server_version',
  `WITH x AS (SELECT oid FROM pg_catalog.pg_class) SELECT * FROM x, pg_type -- from users`,
  `SELECT extract(epoch FROM now()), 'from users' IS DISTINCT FROM 'b', $$ from users $$ FROM (SELECT 1 FROM pg_attribute) a`,
])('takes a read of the catalog for one: %s', (sql) => {
  expect(readKind(sql)).toBe('catalog')
})

test.each([
  'SELECT count(*) FROM users',
  'select 1 where exists (select 1 from "Users")',
  'SELECT * FROM pg_class, users',
  'SELECT * FROM pg_class JOIN app.pg_users ON true',
  'SELECT * FROM (pg_class JOIN users ON true)',
  'SELECT (SELECT max(id) FROM orders)',
  'WITH gone AS (DELETE FROM users RETURNING id) SELECT * FROM gone',
  'INSERT INTO users VALUES (1) RETURNING id',
  'UPDATE users SET a = 1',
  'TABLE users',
])('takes a read of the user for data: %s', (sql) => {
  expect(readKind(sql)).toBe('data')
})

test.each(['CREATE TABLE a (b int)', 'ALTER TABLE a ADD b int', '-- SELECT\nDROP TABLE a', 'COMMIT', ''])(
  'finds nothing to read in %s',
  (sql) => {
    expect(readKind(sql)).toBe('none')
  },
)
