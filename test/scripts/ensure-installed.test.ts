import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { firstDifference } from '../../scripts/ensure-installed.mjs'
import { planted, root, run } from './run-script.ts'

const linux = { platform: 'linux', arch: 'x64' }
const wanted = {
  '': { version: '0.1.0' },
  'node_modules/pg': { version: '8.0.0', integrity: 'sha512-a' },
  'node_modules/ep/linux': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
  'node_modules/ep/darwin': { version: '1.0.0', optional: true, os: ['darwin'], cpu: ['arm64'] },
  'node_modules/musl': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'node_modules/of-darwin': { version: '1.0.0', optional: true },
}
const installed = { 'node_modules/pg': wanted['node_modules/pg'], 'node_modules/ep/linux': wanted['node_modules/ep/linux'] }

describe('whether node_modules answers to package-lock.json', () => {
  test('it does where only optional packages for other machines are missing', () => {
    expect(firstDifference(wanted, installed, linux)).toBeUndefined()
  })

  test('it does not where a package is missing', () => {
    expect(firstDifference(wanted, { 'node_modules/ep/linux': wanted['node_modules/ep/linux'] }, linux)).toBe(
      'node_modules/pg is not installed',
    )
  })

  test('it does not where an optional package for this machine is missing', () => {
    expect(firstDifference(wanted, { 'node_modules/pg': wanted['node_modules/pg'] }, linux)).toBe('node_modules/ep/linux is not installed')
  })

  test('it does not where a package is of another version or has other contents', () => {
    const other = { ...installed, 'node_modules/pg': { version: '8.0.1', integrity: 'sha512-a' } }
    expect(firstDifference(wanted, other, linux)).toBe('node_modules/pg is of another version')
    const tampered = { ...installed, 'node_modules/pg': { version: '8.0.0', integrity: 'sha512-b' } }
    expect(firstDifference(wanted, tampered, linux)).toBe('node_modules/pg is of another version')
  })

  test('a platform may be listed by what it is not', () => {
    const notWindows = { 'node_modules/x': { version: '1.0.0', optional: true, os: ['!win32'] } }
    expect(firstDifference(notWindows, {}, linux)).toBe('node_modules/x is not installed')
    expect(firstDifference(notWindows, {}, { platform: 'win32', arch: 'x64' })).toBeUndefined()
  })
})

test('a project that cannot be installed is tried twice and then said to be so', () => {
  const script = readFileSync(join(root, 'scripts/ensure-installed.mjs'), 'utf8')
  const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/not-here': { version: '1.0.0' } } })
  using folder = planted({
    'scripts/ensure-installed.mjs': script,
    'package.json': 'not JSON',
    'package-lock.json': lock,
    '.lockkeeper/installing': '999999999',
  })
  const ended = run(folder.path, process.execPath, 'scripts/ensure-installed.mjs')
  expect(ended.stdout).toBe('')
  expect(ended.stderr).toMatch(/no packages are installed; running npm ci[^]*trying once more[^]*could not install/)
  expect(ended.status).toBe(1)
})

// npm leaves out what the registry does not have when it writes the lock file, and `npm ci` then refuses it.
test('package-lock.json has an entry for every optional dependency of every package', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
  }
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !places(path, name).some((place) => place in packages))
      .map((name) => `${path}: ${name}`),
  )
  expect(missing).toEqual([])
})

/** Where Node looks for a package from another one: beneath it, then beside it, and so on up. */
function places(path: string, name: string): readonly string[] {
  const parts = path === '' ? [''] : path.split('/node_modules/').map((_, at, all) => all.slice(0, at + 1).join('/node_modules/'))
  return ['', ...parts].map((part) => (part === '' ? `node_modules/${name}` : `${part}/node_modules/${name}`))
}
