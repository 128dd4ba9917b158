import { expect, it } from 'vitest'
import { matchesGlob } from './glob.ts'

it.each([
  ['legacy_*.sql', 'db/legacy_one.sql', true],
  ['legacy_*.sql', 'db/legacy_one.txt', false],
  ['db/*.sql', 'db/a.sql', true],
  ['db/*.sql', 'db/old/a.sql', false],
  ['db/**/*.sql', 'db/a.sql', true],
  ['db/**/*.sql', 'db/old/older/a.sql', true],
  ['db/old', 'db/old/a/migration.sql', true],
  ['db/old/', 'db/older/migration.sql', false],
  ['./db/{a,b}/?.sql', 'db/b/1.sql', true],
  ['db/{a,b}/?.sql', 'db/c/1.sql', false],
  ['**/2024_x/**', 'prisma/migrations/2024_x/migration.sql', true],
  ['a+b(1).sql', 'x/a+b(1).sql', true],
  ['db/*.sql', 'db\\a.sql', true],
  ['../db/*.sql', '../db/a.sql', true],
])('%s on %s is %s', (pattern, path, matches) => {
  expect(matchesGlob(pattern, path)).toBe(matches)
})
