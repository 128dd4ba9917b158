import { readFile, stat, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

interface Link {
  /** Both relative to the package, in the same folder. */
  readonly source: string
  readonly target: string
}

/**
 * Lays the symbolic links of the shared libraries, which npm packages cannot hold and which a package's install script lays unless it was
 * told not to (--ignore-scripts). Gives false where the folder cannot be written; does nothing where they are all there.
 */
export async function layLinks(packageFolder: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  const laid = await Promise.all(links.map((link) => layLink(packageFolder, link)))
  return laid.every(Boolean)
}

async function layLink(packageFolder: string, link: Link): Promise<boolean> {
  const target = join(packageFolder, link.target)
  if (await exists(target)) return true
  try {
    await symlink(basename(link.source), target)
  } catch {
    // Another process may have laid it in between; anything else (read-only, no permission) shows as a file that is not there.
  }
  return exists(target)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
