import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import type { Binaries } from './binaries.ts'
import { cached } from './cache.ts'
import { runCommand, type Command, type Outcome } from './command.ts'
import { commandAs, giveTo, isRoot, possibleIdentities, type Identity } from './identity.ts'
import { layLinks } from './links.ts'

/** A way to run the binaries that was tried and works. */
export interface Runtime extends Binaries {
  /** A copy in the cache where the installed package cannot be used as it is. */
  readonly packageFolder: string
  readonly identity: Identity
}

/**
 * Finds a way to run the binaries by running `postgres --version` in each: as we are, or where we are root as nobody, or in a user namespace;
 * at last from a copy that everyone can read. Lays the libraries' links. The server folder must be reachable, and changes hands.
 * Throws `embedded-unavailable` with what each attempt said.
 */
export async function findRuntime(binaries: Binaries, folder: string, signal: AbortSignal): Promise<Runtime> {
  const trial: Trial = { binaries, folder, signal, failures: [] }
  const usable = await layLinks(binaries.packageFolder)
  const installed = usable ? await firstThatRuns(trial, binaries.packageFolder) : undefined
  if (installed !== undefined) return installed
  const copied = usable && !isRoot() ? undefined : await firstThatRuns(trial, await copyOf(trial))
  if (copied !== undefined) return copied
  throw cannotRun(binaries, trial.failures)
}

/** What to spawn so that a program of the package runs as the identity. */
export function programOf(runtime: Runtime, program: string, args: readonly string[]): Command {
  return commandAs(runtime.identity, pathOf(runtime, program), args)
}

function pathOf(runtime: Runtime, program: string): string {
  return join(runtime.packageFolder, 'native', 'bin', program)
}

interface Trial {
  readonly binaries: Binaries
  readonly folder: string
  readonly signal: AbortSignal
  readonly failures: string[]
}

async function firstThatRuns(trial: Trial, packageFolder: string): Promise<Runtime | undefined> {
  for (const identity of possibleIdentities()) {
    const runtime = { ...trial.binaries, packageFolder, identity }
    const outcome = await probe(runtime, trial)
    if (outcome.status === 0) return runtime
    trial.failures.push(`${identity.kind}: ${outcome.output.trim()}`)
  }
  return undefined
}

/** Has the uid a name, can it get to its folder, and does the program load its libraries? */
async function probe(runtime: Runtime, { folder, signal }: Trial): Promise<Outcome> {
  const postgres = pathOf(runtime, 'postgres')
  try {
    await giveTo(runtime.identity, folder)
    return await runCommand(
      commandAs(runtime.identity, '/bin/sh', ['-c', 'id -un >&2 && cd "$1" && exec "$0" --version', postgres, folder]),
      signal,
    )
  } catch (error) {
    signal.throwIfAborted()
    return { status: undefined, output: String(error) }
  }
}

async function copyOf({ binaries, folder, signal }: Trial): Promise<string> {
  const make = async (content: string): Promise<void> => {
    const copy = await runCommand({ file: 'cp', args: ['-R', '-P', join(binaries.packageFolder, 'native'), content] }, signal)
    const open = await runCommand({ file: 'chmod', args: ['-R', 'go+rX', content] }, signal)
    if (copy.status === 0 && open.status === 0 && (await layLinks(content))) return
    throw new LockkeeperError(
      'embedded-unavailable',
      `The binaries in ${binaries.packageFolder} could not be copied: ${copy.output}${open.output}`,
    )
  }
  return cached(`native-${binaries.exact}-${process.arch}`, { workshop: folder, make })
}

function cannotRun(binaries: Binaries, failures: readonly string[]): LockkeeperError {
  const reason = usesMusl() ? 'This system uses musl, and the binaries need glibc.' : `Tried: ${failures.join('; ')}.`
  return new LockkeeperError('embedded-unavailable', `PostgreSQL ${binaries.version} does not run here. ${reason}`, {
    hint: usesMusl()
      ? 'Use an image with glibc (Debian, Ubuntu), or give --shadow-url.'
      : 'Run as a user that is not root, or give --shadow-url.',
    details: { packageFolder: binaries.packageFolder, failures },
  })
}

function usesMusl(): boolean {
  if (process.platform !== 'linux') return false
  const report = process.report?.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } } | undefined
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined
}
