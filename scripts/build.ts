import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/** What is started, or imported by a name that no `import` shows (own-files.ts): each gets a file of its own. */
const processes = filesIn(join(root, 'src')).filter((file) => file.endsWith('-process.ts'))
const entryPoints = ['src/index.ts', 'src/cli/main.ts', 'src/cli/define-config.ts', ...processes]

// `npm run build`: src -> dist. Built from nothing, so that a file deleted in src is not published.
rmSync(dist, { recursive: true, force: true })
const declared = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = declared.status ?? 1
if (process.exitCode === 0) {
  await bundle()
  copyAssets()
  chmodSync(join(dist, 'cli/main.js'), 0o755)
}

/**
 * Each command in one file, what several share in one more, packages outside: a command that is 200 files takes 150 ms longer to begin.
 * The names and lines stay readable, for whoever follows a stack trace.
 */
async function bundle(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    outbase: 'src',
    chunkNames: 'shared/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
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
