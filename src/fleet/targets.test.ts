import { expect, it } from 'vitest'
import { LockkeeperError } from '../model/errors.ts'
import { joinTargets, targetsGiven, targetsInFile, targetsInRows } from './targets.ts'

const refusalOf = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    if (error instanceof LockkeeperError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}

it('a file has a URL a line, with a name or without, and comments', () => {
  const text = '# the shops\r\n\npostgres://me:secret@db1:6432/shop?sslmode=require\n eu = postgres://db2/shop?schema=tenant_1\n'
  expect(targetsInFile('fleet.txt', text)).toEqual([
    { name: 'db1:6432/shop', url: 'postgres://me:secret@db1:6432/shop?sslmode=require' },
    { name: 'eu', url: 'postgres://db2/shop?schema=tenant_1', schema: 'tenant_1' },
  ])
})

it('a JSON array has name, url and schema', () => {
  const items = [
    { url: 'postgresql://db/shop', schema: 'Tenant 1' },
    { name: 'b', url: 'postgres://db/other' },
  ]
  expect(targetsInFile('fleet.json', JSON.stringify(items)).map((target) => target.name)).toEqual(['db:5432/shop/Tenant 1', 'b'])
})

it('rows of a query name databases or schemas of the server, or bring URLs', () => {
  const base = 'postgres://me:pw@control:5433/main'
  expect(targetsInRows([{ database: 'a b' }, { schema: 't1' }, { url: 'postgres://x/y', name: 'z' }], base)).toEqual([
    { name: 'control:5433/a b', url: 'postgres://me:pw@control:5433/a%20b' },
    { name: 'control:5433/main/t1', url: base, schema: 't1' },
    { name: 'z', url: 'postgres://x/y' },
  ])
})

it.each([
  ['a line without URL', () => targetsInFile('f', 'db1\n'), 'f line 1 has no URL'],
  ['another system', () => targetsInFile('f', '\nmysql://u:hunter2@h/d\n'), 'f line 2 has no URL'],
  ['a URL that cannot be read', () => targetsGiven(['postgres://u:hunter2#x@h:port/d']), '--target number 1 has a URL that cannot be read'],
  ['JSON that is none', () => targetsInFile('f', '[ "postgres://u:hunter2@h'), 'f begins with [ and is not JSON'],
  ['an item that is a text', () => targetsInFile('f', '["postgres://u:hunter2@h/d"]'), 'f item 1 is not an object'],
  ['an unknown key', () => targetsInFile('f', '[{"uri":"postgres://u:hunter2@h/d"}]'), 'f item 1 has the key "uri"'],
  ['a name that is a URL', () => targetsInFile('f', '[{"name":"postgres://u:hunter2@h/d","url":"postgres://h/d"}]'), 'f item 1 has a name'],
  ['a row without a known column', () => targetsInRows([{ datname: 'x' }], 'postgres://h/d'), 'row 1 of --targets-query has none'],
])('%s is refused without a word of the URL', (_, make, message) => {
  const refusal = refusalOf(make)
  expect(refusal).toContain(`fleet-targets-invalid: ${message}`)
  expect(refusal).not.toContain('hunter2')
})

it('a database given twice, a name given twice and no target at all are refused', () => {
  expect(refusalOf(() => joinTargets(targetsGiven(['postgres://a@h/d', 'b=postgres://b@h:5432/d'])))).toContain('h:5432/d is given twice')
  expect(refusalOf(() => joinTargets(targetsGiven(['x=postgres://h/a']), targetsGiven(['x=postgres://h/b'])))).toContain(
    'x is the name of two',
  )
  expect(refusalOf(() => joinTargets(targetsGiven(['postgres://h/d', 'postgres://h/d?schema=s'])))).toBe('taken')
  expect(refusalOf(() => joinTargets([]))).toContain('No target is given')
})
