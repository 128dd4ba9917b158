import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** One thing that must hold before a commit. `mend` is what to do when it does not. */
interface Part {
  readonly name: string
  readonly command: readonly string[]
  readonly fix?: readonly string[]
  readonly mend: string
}

const bin = (name: string, ...args: readonly string[]): readonly string[] => [`node_modules/.bin/${name}`, ...args]
const gen = [process.execPath, '--import', 'tsx', 'scripts/gen.ts']
const code = ['src', 'test', 'bench', 'scripts']

/** The slowest first, so that the others fit beside it. */
const parts: readonly Part[] = [
  {
    name: 'types',
    command: bin('tsc', '-p', '.', '--pretty', 'false', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/tsc.tsbuildinfo'),
    mend: 'mend the types at the places named',
  },
  {
    name: 'boundaries',
    command: bin('depcruise', ...code, '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long'),
    mend: 'docs/architecture.md has the table of who may import whom',
  },
  { name: 'dead-code', command: bin('knip', '--no-progress'), mend: 'delete what nothing uses, or stop exporting it' },
  {
    name: 'lint',
    command: bin('oxlint', '--deny-warnings'),
    fix: bin('oxlint', '--fix'),
    mend: 'mend the places named; npm run check -- --fix does the plain ones',
  },
  { name: 'registries', command: [...gen, '--check'], fix: gen, mend: 'npm run gen, and commit what it writes' },
  { name: 'format', command: bin('oxfmt', '--check', '.'), fix: bin('oxfmt', '.'), mend: 'npm run check -- --fix' },
]

const limitMs = 5 * 60_000
const root = fileURLToPath(new URL('..', import.meta.url))

// `npm run check [-- PART...] [--fix]`
process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !word.startsWith('-'))
  const unknown = names.find((name) => !parts.some((part) => part.name === name))
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; there are ${parts.map((part) => part.name).join(', ')}`)
  const asked = names.length === 0 ? parts : parts.filter((part) => names.includes(part.name))
  if (words.includes('--fix')) await fix(asked)
  const failed = await checkAll(asked)
  for (const part of failed) console.error(`check:${part.name} failed: ${part.mend}`)
  return failed.length === 0 ? 0 : 1
}

// One after the other: they write the same files, and the formatter must have the last word.
async function fix(asked: readonly Part[]): Promise<void> {
  for (const part of asked) if (part.fix !== undefined) await run(part.fix)
}

async function checkAll(asked: readonly Part[]): Promise<readonly Part[]> {
  const waiting = [...asked]
  const failed: Part[] = []
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) if (!(await check(part))) failed.push(part)
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker))
  return failed
}

async function check(part: Part): Promise<boolean> {
  const begin = performance.now()
  const { status, output } = await run(part.command)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  if (status === 0) console.log(`ok      ${part.name} (${seconds} s)`)
  else console.log(`FAILED  ${part.name} (${seconds} s)\n${output.trimEnd()}`)
  return status === 0
}

async function run(command: readonly string[]): Promise<{ readonly status: number; readonly output: string }> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: 1, output: error.message }))
    child.once('close', (status, signal) =>
      resolve({ status: status ?? 1, output: signal === null ? output : `${output}\nended by ${signal}` }),
    )
  })
}
