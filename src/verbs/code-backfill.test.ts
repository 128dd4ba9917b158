import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LoadedCode } from './code-backfill.ts'
import { loadCode } from './code-backfill.ts'

function load(text: string, exportName?: string): Promise<LoadedCode> {
  const root = mkdtempSync(join(tmpdir(), 'lk-code-'))
  writeFileSync(join(root, 'b.ts'), `import { defineBackfill } from 'lockkeeper'\n${text}`)
  return loadCode({ root, file: 'b.ts', ...(exportName === undefined ? {} : { exportName }) })
}

const run = 'async run() {}'

test('the only export that is a backfill is taken, the default one first, and one that is named before all', async () => {
  expect(await load(`export const other = 1\nexport const fill = defineBackfill({ table: 't', ${run} })`)).toMatchObject({
    module: 'b.ts',
    export: 'fill',
    code: { most: 1_000, concurrency: 1, timeoutMs: 60_000 },
  })
  const two = `export default { table: 'a', ${run} }\nexport const b = { table: 'b', batch: 5, ${run} }`
  expect((await load(two)).backfill.table).toBe('a')
  expect(await load(two, 'b')).toMatchObject({ export: 'b', backfill: { table: 'b' }, code: { most: 5 } })
})

test.each([
  ['table', `{ ${run} }`, /fill of b\.ts: "table" must be the name of a table/],
  ['batch', `{ table: 't', batch: 0, ${run} }`, /"batch" must be a whole number from 1/],
  ['done', `{ table: 't', done: 'soon', ${run} }`, /"done" must be "no-longer-matches" or "each-once"/],
  ['done', `{ table: 't', done: 'no-longer-matches', ${run} }`, /"done" needs "where"/],
  ['run', `{ table: 't', run: 1 }`, /"run" must be a function/],
  ['wehre', `{ table: 't', wehre: 'x', ${run} }`, /"wehre" there is no such key; the keys are table, key, where/],
])('a wrong "%s" is named: %s', async (key, text, message) => {
  const loading = load(`export const fill = ${text}`, 'fill')
  await expect(loading).rejects.toMatchObject({ code: 'backfill-invalid', exit: 1, details: { key } })
  await expect(loading).rejects.toThrow(message)
})

test.each([
  { what: 'nothing that is a backfill', text: 'export const x = 1', message: /it exports no backfill/ },
  {
    what: 'several',
    text: `export const a = { table: 'a', ${run} }, b = { table: 'b', ${run} }`,
    message: /several: say which/,
  },
  { what: 'not the one named', text: `export const a = { table: 'a', ${run} }`, name: 'c', message: /"c" is not exported; there are a/ },
  { what: 'what throws', text: `throw new Error('no key')`, message: /b\.ts cannot be loaded: no key/ },
])('a module that exports $what is refused', async ({ text, name, message }) => {
  await expect(load(text, name)).rejects.toThrow(message)
})
