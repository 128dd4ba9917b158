import { expect, it } from 'vitest'
import { backfillFleet, backfillIdentity } from './fleet-identity.ts'
import type { Options } from './options.ts'

const identity = (sql: string, options: Options = {}, name = 'fill') =>
  backfillIdentity({ invocation: { arguments: [], options }, config: {} }, name, sql)

it('a backfill of the same name is the same fleet by the same SQL, however its file ends and however fast it goes', () => {
  const { name, checksum } = identity('UPDATE t SET a = 1')
  expect(name).toBe('backfill-fill')
  expect(identity('\nUPDATE t SET a = 1 ;\n', { workers: 4, batchTime: 5, walk: 'key' }).checksum).toBe(checksum)
  const others = [
    identity('UPDATE t SET a = 2'),
    identity('UPDATE t SET a = 1', { verify: 'select 1' }),
    identity('UPDATE t SET a = 1', { triggers: 'skip' }),
    identity('UPDATE t SET a = 1', {}, 'other'),
  ]
  expect(new Set([checksum, ...others.map((other) => other.checksum)]).size).toBe(5)
  expect(identity('UPDATE t SET a = 1', { name: 'mine' })).toEqual({ name: 'mine', checksum })
})

it('a name that no queue can have becomes one, and no two become the same', () => {
  const names = ['1_fill/step-2', '1_fill step-2', 'x'.repeat(80), `${'x'.repeat(80)}y`, 'Füllung'].map(backfillFleet)
  expect(new Set(names).size).toBe(5)
  for (const name of names) expect(name).toMatch(/^backfill-[\w.-]{1,51}$/)
})
