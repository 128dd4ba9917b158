import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorSpecs } from '../../src/model/errors.ts'
import { kinds } from '../../scripts/templates.ts'
import { planted, plantedWithPackages, root, run, runScript } from './run-script.ts'

const members = {
  'src/adapters/sql.ts': 'export const sql = 1',
  'src/adapters/mikro-orm.ts': 'export const mikroOrm = 1',
  'src/adapters/mikro-orm.test.ts': '',
  'src/adapters/_files.ts': '',
  'docs/errors.md': '',
}

describe('npm run gen', () => {
  test('lists the members of a folder, without its tests and helpers', () => {
    using folder = planted(members)
    expect(runScript('gen.ts', folder.path).status).toBe(0)
    const index = readFileSync(join(folder.path, 'src/adapters/index.ts'), 'utf8')
    expect(index).toContain("import { mikroOrm } from './mikro-orm.ts'\nimport { sql } from './sql.ts'")
    expect(index).toContain('export const adapters: readonly Adapter[] = [mikroOrm, sql]')
    expect(runScript('gen.ts', '--check', folder.path).status).toBe(0)
  })

  test('writes a page with every code of an error', () => {
    using folder = planted(members)
    runScript('gen.ts', folder.path)
    const page = readFileSync(join(folder.path, 'docs/errors.md'), 'utf8')
    expect(Object.keys(errorSpecs).filter((code) => !page.includes(`\n| \`${code}\` | `))).toEqual([])
  })

  test('with --check fails and writes nothing where a registry is stale', () => {
    using folder = planted(members)
    runScript('gen.ts', folder.path)
    writeFileSync(join(folder.path, 'src/adapters/knex.ts'), 'export const knex = 1')
    const ended = runScript('gen.ts', '--check', folder.path)
    expect(ended.stderr).toBe('src/adapters/index.ts is stale: run npm run gen\n')
    expect(ended.status).toBe(1)
    expect(readFileSync(join(folder.path, 'src/adapters/index.ts'), 'utf8')).not.toContain('knex')
  })

  test('refuses a member that does not export a const of its own name', () => {
    using folder = planted({ ...members, 'src/adapters/knex.ts': 'export const other = 1' })
    const ended = runScript('gen.ts', folder.path)
    expect(ended.stderr).toContain('knex.ts must export const knex')
    expect(ended.status).toBe(1)
  })
})

// The compiler has much to read, on two cores that other tests use too.
test('npm run new writes members that compile, each with a test that fails until it is filled in', { timeout: 300_000 }, () => {
  const files = [...kinds.values()].flatMap((make) => make('sql'))
  const options = { extends: join(root, 'tsconfig.json'), include: [], files: files.map(({ path }) => path) }
  using folder = plantedWithPackages({ 'package.json': '{"type":"module"}', 'tsconfig.json': JSON.stringify(options) })
  cpSync(join(root, 'src'), join(folder.path, 'src'), { recursive: true, filter: (from) => !from.endsWith('.test.ts') })
  for (const { path, text } of files) writeFileSync(join(folder.path, path), text)
  expect(run(folder.path, process.execPath, 'node_modules/typescript/bin/tsc', '-p', '.').stdout).toBe('')
  expect(runScript('test.ts', '--root', folder.path).stdout.trimEnd().split('\n').at(-1)).toBe(`0 passed, ${kinds.size} failed, 0 skipped`)
})
