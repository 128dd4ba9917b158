import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCode } from './code-backfill.ts'

type Files = { readonly [path: string]: string }

const files: Files = {
  'backfills/fill.ts': `import { defineBackfill } from 'lockkeeper'
import { name } from '../lib/name.ts'
import data from './data.json' with { type: 'json' }
import pg from 'pg'
export const fill = defineBackfill({ table: 'users', where: 'name is null', async run(rows, tx) { await tx.query(name + data.x + typeof pg) } })
`,
  'lib/name.ts': `export { name } from './deep'\n`,
  'lib/deep.js': `export const name = 'n'\n`,
  'backfills/data.json': '{ "x": 1 }\n',
  'lib/other.ts': 'export const other = 1\n',
  'node_modules/pg/package.json': '{ "name": "pg", "main": "index.js" }',
  'node_modules/pg/index.js': 'module.exports = {}',
}

function project(changed: Files = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'lk-code-'))
  for (const [path, text] of Object.entries({ ...files, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

async function hashOf(root: string): Promise<string> {
  return (await loadCode({ root, file: 'backfills/fill.ts' })).code.hash
}

test('the hash of a module is the same in any folder and with any line endings', async () => {
  const windows = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]))
  expect(await hashOf(project())).toBe(await hashOf(project(windows)))
})

test.each([
  ['the module itself', 'backfills/fill.ts', `${files['backfills/fill.ts']}// more\n`],
  ['what it imports by way of another', 'lib/deep.js', `export const name = 'm'\n`],
  ['data that it imports', 'backfills/data.json', '{ "x": 2 }\n'],
])('the hash changes with %s', async (_, path, text) => {
  expect(await hashOf(project({ [path]: text }))).not.toBe(await hashOf(project()))
})

test('the hash does not change with packages, nor with files that it does not import', async () => {
  const other = { 'node_modules/pg/index.js': 'module.exports = { more: 1 }', 'lib/other.ts': 'export const other = 2\n' }
  expect(await hashOf(project(other))).toBe(await hashOf(project()))
})

test('code that is not what it must be is not run', async () => {
  const root = project({ 'backfills/fill.ts': `globalThis.ranByMistake = true\nexport const fill = {}` })
  const loading = loadCode({ root, file: 'backfills/fill.ts', exportName: 'fill', hash: 'other' })
  await expect(loading).rejects.toMatchObject({ code: 'backfill-changed' })
  expect(globalThis).not.toHaveProperty('ranByMistake')
})
