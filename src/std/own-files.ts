import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whether we run as TypeScript, in a checkout, and not as what was built of it. */
export const fromSource = extname(fileURLToPath(import.meta.url)) === '.ts'

/** The folder of package.json. Where this file lies in it the build decides, which puts many files into one. */
export const packageFolder = above(dirname(fileURLToPath(import.meta.url)))

/** A file that belongs to the program but is not loaded with it, by its path below src; `.ts` stands for `.js` where we are built. */
export function ownFile(path: string): string {
  return fromSource ? join(packageFolder, 'src', path) : join(packageFolder, 'dist', path.replace(/\.ts$/, '.js'))
}

function above(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder
  return above(dirname(folder))
}
