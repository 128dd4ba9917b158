import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderErrorPage } from './error-page.ts'
import { registries, renderRegistry } from './registries.ts'

/** A file made from others, by its path from the root. */
interface Generated {
  readonly path: string
  readonly text: string
}

// `npm run gen [-- --check] [ROOT]`: writes what is stale, or with --check only names it and fails.
const words = process.argv.slice(2)
const root = resolve(words.find((word) => !word.startsWith('-')) ?? fileURLToPath(new URL('..', import.meta.url)))
const stale = everything(root).filter(({ path, text }) => read(join(root, path)) !== text)
if (words.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is stale: run npm run gen`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const { path, text } of stale) {
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}

function everything(from: string): readonly Generated[] {
  const known = registries.filter((registry) => existsSync(join(from, registry.folder)))
  const lists = known.map((registry) => ({ path: registry.path, text: renderRegistry(from, registry) }))
  return [...lists, { path: 'docs/errors.md', text: renderErrorPage() }]
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
