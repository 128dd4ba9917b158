import { randomBytes } from 'node:crypto'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import { cached } from './cache.ts'
import { runCommand } from './command.ts'
import { giveTo, ownerOf } from './identity.ts'
import { programOf, type Runtime } from './runtime.ts'

/** C.UTF-8 is in every glibc that we know of, not in macOS; C sorts the same way. */
const locales = ['C.UTF-8', 'C']

/**
 * The owner of the database postgres: may do there what the owner on a managed server may, and nothing to the machine, where a
 * superuser's COPY TO PROGRAM is a shell (H15).
 */
export const unprivilegedRole = 'sandbox'

const rolesSql = `create role ${unprivilegedRole} login;\nalter database postgres owner to ${unprivilegedRole};\n`

/**
 * Makes `data` in the server folder: an initialised cluster, superuser postgres, UTF8, no password on the socket; gives back the password for
 * TCP. initdb takes half a second and runs once for a version; each start copies its result (39 MB in 65 ms).
 */
export async function layDataFolder(runtime: Runtime, folder: string, signal: AbortSignal): Promise<string> {
  const name = `cluster-${runtime.exact}-${process.arch}-${ownerOf(runtime.identity)}`
  const template = await cached(name, { workshop: folder, make: (content) => initialise(runtime, content, signal) })
  const copy = await runCommand({ file: 'cp', args: ['-R', '-p', join(template, 'data'), join(folder, 'data')] }, signal)
  if (copy.status !== 0)
    throw new LockkeeperError('embedded-failed', `The template of the data folder could not be copied: ${copy.output.trim()}`)
  return readFile(join(template, 'password'), 'utf8')
}

async function initialise(runtime: Runtime, content: string, signal: AbortSignal): Promise<void> {
  await chmod(content, 0o700)
  await writeFile(join(content, 'password'), randomBytes(16).toString('hex'))
  await giveTo(runtime.identity, content)
  await giveTo(runtime.identity, join(content, 'password'))
  const failures: string[] = []
  for (const locale of locales) {
    const outcome = await runCommand(programOf(runtime, 'initdb', initdbArguments(content, locale)), signal)
    if (outcome.status === 0) return await makeRoles(runtime, content, signal)
    failures.push(outcome.output.trim())
    await rm(join(content, 'data'), { recursive: true, force: true })
  }
  throw new LockkeeperError('embedded-failed', `initdb of PostgreSQL ${runtime.version} failed.\n${failures[0]}`)
}

/** In single-user mode, without a server; by default that mode goes on after an error and ends well. */
async function makeRoles(runtime: Runtime, content: string, signal: AbortSignal): Promise<void> {
  const args = ['--single', '-D', join(content, 'data'), '-c', 'exit_on_error=on', 'postgres']
  const outcome = await runCommand(programOf(runtime, 'postgres', args), signal, rolesSql)
  if (outcome.status === 0) return
  throw new LockkeeperError('embedded-failed', `The roles of PostgreSQL ${runtime.version} could not be made.\n${outcome.output.trim()}`)
}

/** The socket is in a folder that only its owner can enter; a TCP port is open to every user of the machine, hence the password. */
function initdbArguments(content: string, locale: string): readonly string[] {
  const access = ['-U', 'postgres', '--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${join(content, 'password')}`]
  return ['-D', join(content, 'data'), ...access, '-E', 'UTF8', `--locale=${locale}`, '--no-sync']
}
