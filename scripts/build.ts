import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

// `npm run build`: src -> dist. Built from nothing, so that a file deleted in src is not published.
rmSync(dist, { recursive: true, force: true })
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = compiled.status ?? 1
if (process.exitCode === 0) {
  for (const file of filesIn(dist)) if (file.endsWith('.js')) renameImports(file)
  copyAssets()
  chmodSync(join(dist, 'cli/main.js'), 0o755)
}

/**
 * TypeScript 5.9 makes `.js` of the `.ts` in imports (rewriteRelativeImportExtensions), but not in an `import()` inside a function
 * that it also rewrites for `await using`.
 */
function renameImports(file: string): void {
  const text = readFileSync(file, 'utf8')
  const renamed = text.replaceAll(/\bimport\((['"])(\.{1,2}\/[^'"]+)\.ts\1\)/g, 'import($1$2.js$1)')
  if (renamed !== text) writeFileSync(file, renamed)
}

/** Whatever in src is not TypeScript and is read at run time, such as the demo's migrations. */
function copyAssets(): void {
  const src = join(root, 'src')
  for (const file of filesIn(src)) if (!file.endsWith('.ts')) cpSync(file, join(dist, file.slice(src.length)))
}

function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
