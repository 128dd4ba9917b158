import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderErrorPage } from './error-page.ts'
import { registries, renderRegistry } from './registries.ts'

/** A file made from others, by its path from the root. */
interface Generated {
  readonly path: string
  /** Undefined: it must not be there. */
  readonly text: string | undefined
}

// `npm run gen [-- --check] [ROOT]`: writes what is stale, or with --check only names it and fails. The lists first: the pages of the
// rules are made by code that imports them.
const words = process.argv.slice(2)
const here = fileURLToPath(new URL('..', import.meta.url))
const root = resolve(words.find((word) => !word.startsWith('-')) ?? here)
const isCheck = words.includes('--check')
const lists = staleOf(listsIn(root))
bringUpToDate(lists)
const pages = resolve(root) === resolve(here) && !(isCheck && lists.length > 0) ? staleOf(await pagesOfRules()) : []
bringUpToDate(pages)
if (isCheck && lists.length + pages.length > 0) process.exitCode = 1

function bringUpToDate(stale: readonly Generated[]): void {
  for (const { path, text } of stale) {
    if (isCheck) console.error(`${path} is stale: run npm run gen`)
    else write(path, text)
  }
}

function write(path: string, text: string | undefined): void {
  if (text === undefined) rmSync(join(root, path))
  else writeFileSync(join(root, path), text)
  console.log(`${text === undefined ? 'removed' : 'wrote'} ${path}`)
}

function staleOf(all: readonly Generated[]): readonly Generated[] {
  return all.filter(({ path, text }) => read(join(root, path)) !== text)
}

function listsIn(from: string): readonly Generated[] {
  const known = registries.filter((registry) => existsSync(join(from, registry.folder)))
  const made = known.map((registry) => ({ path: registry.path, text: renderRegistry(from, registry) }))
  return [...made, { path: 'docs/errors.md', text: renderErrorPage() }]
}

async function pagesOfRules(): Promise<readonly Generated[]> {
  const { rulePages } = await import('./rule-pages.ts')
  const made = await rulePages()
  mkdirSync(join(root, 'docs/rules'), { recursive: true })
  const orphans = readdirSync(join(root, 'docs/rules')).map((name) => `docs/rules/${name}`)
  return [...made, ...orphans.filter((path) => !made.some((page) => page.path === path)).map((path) => ({ path, text: undefined }))]
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
