import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'
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
  copyAssets()
  chmodSync(join(dist, 'cli/main.js'), 0o755)
}

/** Whatever in src is not TypeScript: the demo's migrations. */
function copyAssets(): void {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile())
  for (const file of files) {
    if (file.name.endsWith('.ts')) continue
    const from = join(file.parentPath, file.name)
    cpSync(from, join(dist, from.slice(join(root, 'src').length)))
  }
}
