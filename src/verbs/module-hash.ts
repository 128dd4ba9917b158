import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Where a module's import leads, as a file URL; undefined where it leads nowhere. */
export type Resolve = (specifier: string, from: string) => string | undefined

/**
 * sha256 in hex over a module and every file of the project that it imports, one way or another; packages are left out. The same in any folder, on
 * any system, and with any line endings. Nothing is run. An import whose name is computed is not seen.
 */
export async function moduleHash(root: string, file: string, resolve: Resolve): Promise<string> {
  const texts = new Map<string, string>()
  const waiting = [file]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (texts.has(next)) continue
    const text = (await readFile(next, 'utf8')).replaceAll('\r\n', '\n')
    texts.set(next, text)
    if (extname(next) !== '.json') waiting.push(...importsOf(text, next, resolve))
  }
  const named = [...texts].map(([path, text]) => [relative(root, path).split(sep).join('/'), text] as const)
  const hash = createHash('sha256')
  for (const [path, text] of named.toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${path}\0${text.length}\0${text}\0`)
  return hash.digest('hex')
}

/** In a comment or a string too: a file more in the hash does no harm. */
const specifiers = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*(['"`])([^'"`\n]+)\1/g

function importsOf(text: string, file: string, resolve: Resolve): readonly string[] {
  return [...text.matchAll(specifiers)].flatMap(([, , specifier = '']) => {
    const found = resolve(specifier, pathToFileURL(file).href)
    return found?.startsWith('file:') === true ? ofProject(fileURLToPath(found)) : []
  })
}

const read = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.jsx', '.tsx', '.json'])

function ofProject(path: string): readonly string[] {
  const isOurs = read.has(extname(path)) && !dirname(path).split(sep).includes('node_modules') && existsSync(path)
  return isOurs ? [path] : []
}
