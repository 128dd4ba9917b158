import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the project to its end, without what the test runner around us puts into the environment. */
export function run(cwd: string, file: string, ...args: readonly string[]): Ended {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|LOCKKEEPER|NODE_OPTIONS|NODE_ENV|FORCE_COLOR)/.test(name)),
  )
  const ended = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: 300_000, env: { ...env, NO_COLOR: '1' } })
  return { status: ended.status, stdout: ended.stdout, stderr: ended.stderr }
}

/** Runs a TypeScript file of scripts/. */
export function runScript(name: string, ...args: readonly string[]): Ended {
  return run(root, process.execPath, '--import', 'tsx', join(root, 'scripts', name), ...args)
}

/** As planted(), with the project's packages in reach. */
export function plantedWithPackages(files: Readonly<Record<string, string>>): ReturnType<typeof planted> {
  const folder = planted(files)
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  return folder
}

/** A folder with these files, gone when the scope ends. */
export function planted(files: Readonly<Record<string, string>>): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'lockkeeper-planted-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
