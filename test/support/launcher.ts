import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The launcher and embedded-parent.ts, compiled: a process of it needs no tsx, which costs more than the server, and nothing of this checkout. */
export interface Launcher extends Disposable {
  /** embedded-parent.ts */
  readonly script: string
  /** src/embedded/start.ts */
  readonly module: string
}

/** Compiles into a folder of its own. */
export function makeLauncher(): Launcher {
  const folder = mkdtempSync(join(tmpdir(), 'lk-launcher-'))
  chmodSync(folder, 0o755)
  return { ...compileLauncher(folder), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Compiles into a folder that exists. */
export function compileLauncher(folder: string): Omit<Launcher, typeof Symbol.dispose> {
  const sources = readdirSync(join(root, 'src/embedded')).filter((name) => !name.endsWith('.test.ts'))
  const files = [...sources.map((name) => `src/embedded/${name}`), 'src/model/errors.ts', 'test/support/embedded-parent.ts']
  for (const file of files) compile(file, folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return { script: join(folder, 'test/support/embedded-parent.js'), module: join(folder, 'src/embedded/start.js') }
}

function compile(file: string, folder: string): void {
  const target = join(folder, file.replace(/\.ts$/, '.js'))
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, rewriteRelativeImportExtensions: true }
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, ts.transpileModule(readFileSync(join(root, file), 'utf8'), { compilerOptions }).outputText)
}
