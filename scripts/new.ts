import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kinds, type NewFile } from './templates.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

// `npm run new -- rule|rewrite|adapter|throttle|command ID`: writes the file and its test, which fails until both are filled in.
process.exitCode = main(process.argv.slice(2))

function main([kind = '', id = '']: readonly string[]): number {
  const make = kinds.get(kind)
  if (make === undefined || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    console.error(`usage: npm run new -- ${[...kinds.keys()].join('|')} ID    (ID in kebab case: blocking-index-build)`)
    return 1
  }
  const files = make(id)
  const taken = files.find(({ path }) => existsSync(join(root, path)))
  if (taken !== undefined) {
    console.error(`${taken.path} exists already`)
    return 1
  }
  for (const file of files) write(file)
  return spawnSync(process.execPath, [...process.execArgv, join(root, 'scripts/gen.ts')], { cwd: root, stdio: 'inherit' }).status ?? 1
}

function write({ path, text }: NewFile): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(`wrote ${path}`)
}
