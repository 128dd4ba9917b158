import { expect, test } from 'vitest'
import { postgres } from '../postgres/engine.ts'
import { check } from './check.ts'

test('a file of more statements than a call has room for arguments has a verdict on each', async () => {
  await postgres.load()
  const count = 30_000
  const bytes = new TextEncoder().encode('select 1;\n'.repeat(count))
  const migration = { id: '1', source: 'sql', file: '1.sql', checksum: '', transaction: 'file', history: {} } as const
  const item = { migration: { ...migration, body: { kind: 'sql' as const, bytes } }, statements: postgres.parse(bytes), observed: [] }
  const catalog = postgres.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')
  const versions = [13, 14, 15, 16, 17, 18]
  const { summary } = check(postgres, [item], { catalog, versions, together: true, today: '2026-11-27', notes: [] })
  expect(summary).toMatchObject({ statements: count, errors: 0 })
})
