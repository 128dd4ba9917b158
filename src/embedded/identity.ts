import { chown, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import type { Binaries } from './binaries.ts'
import { cached } from './cache.ts'
import { runCommand, type Command, type Outcome } from './command.ts'
import { layLinks } from './links.ts'
import { temporaryFolder } from './server-folder.ts'

/** As whom the server runs. PostgreSQL refuses root; `namespace` is root in the eyes of the kernel, and nobody in those of the server. */
export type Identity =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' }

/** A way to run the binaries that was tried and works. */
export interface Runtime {
  readonly version: number
  readonly exact: string
  /** Holds native/; a copy in the cache where the installed package cannot be used as it is. */
  readonly packageFolder: string
  readonly identity: Identity
}

/** `nobody`, which every Linux has in its passwd; initdb fails for a uid without an entry ("could not look up effective user ID"). */
const nobody = 65534

/**
 * Finds a way to run the binaries by running `postgres --version` in each: as we are, or where we are root as nobody, or in a user namespace;
 * at last from a copy that everyone can read. Lays the libraries' links. Throws `embedded-unavailable` with what each attempt said.
 */
export async function findRuntime(binaries: Binaries, signal: AbortSignal): Promise<Runtime> {
  const attempts: string[] = []
  const installed = binaries.packageFolder
  const complete = await layLinks(installed)
  const own = complete ? await firstThatRuns(installed, signal, attempts) : undefined
  if (own !== undefined) return { ...binaries, identity: own }
  const packageFolder = await copyOf(binaries, signal)
  const identity = await firstThatRuns(packageFolder, signal, attempts)
  if (identity !== undefined) return { ...binaries, packageFolder, identity }
  throw cannotRun(binaries, attempts)
}

/** What to spawn so that a program of the package runs as the identity. */
export function commandAs(runtime: Pick<Runtime, 'packageFolder' | 'identity'>, program: string, args: readonly string[]): Command {
  return wrap(runtime.identity, join(runtime.packageFolder, 'native', 'bin', program), args)
}

/** Gives a file or folder to the identity. */
export async function giveTo(identity: Identity, path: string): Promise<void> {
  if (identity.kind === 'user') await chown(path, identity.uid, identity.gid)
}

/** Whose files the identity makes: a part of the name of what is cached for it. */
export function ownerOf(identity: Identity): number {
  return identity.kind === 'user' ? identity.uid : (process.getuid?.() ?? 0)
}

function wrap(identity: Identity, file: string, args: readonly string[]): Command {
  switch (identity.kind) {
    case 'self':
      return { file, args }
    case 'user':
      return { file, args, uid: identity.uid, gid: identity.gid }
    case 'namespace':
      return { file: 'unshare', args: ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--', file, ...args] }
  }
}

/** A namespace helps also where our own uid has no name, as in a container started with --user. */
function candidates(): readonly Identity[] {
  const root = process.getuid?.() === 0
  const namespace: readonly Identity[] = process.platform === 'linux' ? [{ kind: 'namespace' }] : []
  return [root ? { kind: 'user', uid: nobody, gid: nobody } : { kind: 'self' }, ...namespace]
}

async function firstThatRuns(packageFolder: string, signal: AbortSignal, attempts: string[]): Promise<Identity | undefined> {
  for (const identity of candidates()) {
    const outcome = await probe({ packageFolder, identity }, signal)
    if (outcome.status === 0) return identity
    attempts.push(`${identity.kind}: ${outcome.output.trim()}`)
  }
  return undefined
}

/** Has the uid a name, can it get to a folder of its own under the temporary folder, and does the program load its libraries? */
async function probe(runtime: Pick<Runtime, 'packageFolder' | 'identity'>, signal: AbortSignal): Promise<Outcome> {
  const folder = await mkdtemp(join(temporaryFolder(), 'lockkeeper-probe-'))
  try {
    await giveTo(runtime.identity, folder)
    const postgres = join(runtime.packageFolder, 'native', 'bin', 'postgres')
    return await runCommand(wrap(runtime.identity, '/bin/sh', ['-c', 'id -un >&2 && cd "$1" && exec "$0" --version', postgres, folder]), signal)
  } catch (error) {
    signal.throwIfAborted()
    return { status: undefined, output: String(error) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyOf(binaries: Binaries, signal: AbortSignal): Promise<string> {
  return cached(`native-${binaries.exact}-${process.arch}`, async (content) => {
    const copied = await runCommand({ file: 'cp', args: ['-R', '-P', join(binaries.packageFolder, 'native'), content] }, signal)
    const opened = await runCommand({ file: 'chmod', args: ['-R', 'go+rX', content] }, signal)
    if (copied.status === 0 && opened.status === 0 && (await layLinks(content))) return
    throw new LockkeeperError('embedded-unavailable', `The binaries of PostgreSQL ${binaries.version} could not be copied: ${copied.output.trim()}`)
  })
}

function cannotRun(binaries: Binaries, attempts: readonly string[]): LockkeeperError {
  const reason = usesMusl() ? 'This system uses musl, and the binaries need glibc.' : `Tried: ${attempts.join('; ')}.`
  return new LockkeeperError('embedded-unavailable', `PostgreSQL ${binaries.version} does not run here. ${reason}`, {
    hint: usesMusl() ? 'Use an image with glibc (Debian, Ubuntu), or give --shadow-url.' : 'Run as a user that is not root, or give --shadow-url.',
    details: { packageFolder: binaries.packageFolder, attempts },
  })
}

function usesMusl(): boolean {
  if (process.platform !== 'linux') return false
  const report = process.report?.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } } | undefined
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined
}
