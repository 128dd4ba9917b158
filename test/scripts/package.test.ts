import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { planted, root, run } from './run-script.ts'

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

// The compiler has much to read, and the sandbox of the packed copy starts from nothing.
test('npm pack gives a package that runs in a project with nothing but its dependencies', { timeout: 600_000 }, () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  using project = planted({
    'package.json': '{"name":"shop","type":"module"}',
    'migrations/001_orders.sql': 'create table orders (id bigint primary key, note text);',
  })
  const packed = run(root, 'npm', 'pack', '--json', '--loglevel=error', '--pack-destination', project.path)
  const [tarball] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('['))) as readonly Packed[]
  install(project.path, tarball?.filename ?? '', [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)])

  const paths = tarball?.files.map((file) => file.path) ?? []
  expect(paths).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']),
  )
  expect(paths.filter((path) => path.startsWith('dist/demo/prisma/')).length).toBeGreaterThan(6)
  expect(paths.filter((path) => /\.test\.|^(src|test|scripts|bench)\//.test(path))).toEqual([])

  const version = run(project.path, process.execPath, 'node_modules/lockkeeper/dist/cli/main.js', '--version')
  expect(version).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' })
  const check = run(project.path, process.execPath, 'node_modules/lockkeeper/dist/cli/main.js', 'check', 'migrations', '--json')
  expect(JSON.parse(check.stdout)).toMatchObject({ format: 1, command: 'check', summary: { migrations: 1, statements: 1, errors: 0 } })
  const library = run(
    project.path,
    process.execPath,
    '--input-type=module',
    '-e',
    "import * as all from 'lockkeeper'; console.log(Object.keys(all).join())",
  )
  expect(library.stdout.trim().split(',')).toEqual(
    expect.arrayContaining(['LockkeeperError', 'check', 'defineConfig', 'loadMigrations', 'openEngine', 'plan', 'run']),
  )
})

/** As npm would lay it down; the dependencies are ours, so that no network is needed. */
function install(project: string, tarball: string, dependencies: readonly string[]): void {
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'lockkeeper'), { recursive: true })
  expect(run(project, 'tar', 'xzf', tarball, '--strip-components=1', '-C', join(modules, 'lockkeeper')).status).toBe(0)
  for (const name of dependencies) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
}
