import { chown } from 'node:fs/promises'
import type { Command } from './command.ts'

/** As whom the server runs. PostgreSQL refuses root; `namespace` is root in the eyes of the kernel, and nobody in those of the server. */
export type Identity =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' }

/** `nobody`, which every Linux has in its passwd; initdb fails for a uid without an entry ("could not look up effective user ID"). */
const nobody = 65534

/**
 * As whom the server might run here, the best first. The namespace comes into its own where nobody cannot read the binaries (a home with mode
 * 0700), and where our own uid has no name (a container started with --user).
 */
export function possibleIdentities(): readonly Identity[] {
  const namespace: readonly Identity[] = process.platform === 'linux' ? [{ kind: 'namespace' }] : []
  return [isRoot() ? { kind: 'user', uid: nobody, gid: nobody } : { kind: 'self' }, ...namespace]
}

/** What to spawn so that a program runs as the identity. */
export function commandAs(identity: Identity, file: string, args: readonly string[]): Command {
  switch (identity.kind) {
    case 'self':
      return { file, args }
    case 'user':
      return { file, args, uid: identity.uid, gid: identity.gid }
    case 'namespace':
      return { file: 'unshare', args: ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--', file, ...args] }
  }
}

/** Gives a file or folder to the identity, or takes it back from another one. */
export async function giveTo(identity: Identity, path: string): Promise<void> {
  if (identity.kind === 'user') return chown(path, identity.uid, identity.gid)
  if (isRoot()) await chown(path, 0, 0)
}

/** Whose files the identity makes: a part of the name of what is cached for it. */
export function ownerOf(identity: Identity): number {
  return identity.kind === 'user' ? identity.uid : (process.getuid?.() ?? 0)
}

/** PostgreSQL refuses to run as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}
