import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plantedWithPackages, root, run } from './run-script.ts'

const lines = (count: number, line: string): string => Array.from({ length: count }, () => line).join('\n')

/** A fault each, and the rule that must name it. */
const faults: readonly (readonly [rule: string, text: string])[] = [
  ['typescript(no-floating-promises)', 'export function a(work: () => Promise<void>): void {\n  work()\n}\n'],
  [
    'typescript(switch-exhaustiveness-check)',
    "export function a(kind: 'x' | 'y'): number | undefined {\n  switch (kind) {\n    case 'x':\n      return 1\n  }\n  return undefined\n}\n",
  ],
  ['import(no-default-export)', 'export default 1\n'],
  ['eslint(no-console)', "console.log('lost in a library')\n"],
  ['eslint(max-params)', 'export const a = (p: number, q: number, r: number, s: number): number => p + q + r + s\n'],
  ['eslint(max-lines)', `${lines(301, '// one line too many')}\nexport const a = 1\n`],
  [
    'eslint(max-lines-per-function)',
    `export function a(n: number): number {\n  let sum = n\n${lines(50, '  sum += n')}\n  return sum\n}\n`,
  ],
  ['eslint(complexity)', `export function a(n: number): number {\n${lines(12, '  if (n > 0) n -= 1')}\n  return n\n}\n`],
]

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[]
}

test('each planted fault is found, and the folders for people may write to the console', () => {
  const own = Object.fromEntries(
    ['.oxlintrc.json', 'tsconfig.json', 'package.json'].map((name) => [name, readFileSync(join(root, name), 'utf8')]),
  )
  const planted = Object.fromEntries(faults.map(([, text], at) => [`src/run/fault-${at}.ts`, text]))
  const fine = { 'src/cli/print.ts': "console.log('for people')\n", 'vitest.config.ts': 'export default 1\n' }
  const cycle = {
    'src/std/a.ts': "import { y } from './b.ts'\nexport const x = (): number => y()\n",
    'src/std/b.ts': "import { x } from './a.ts'\nexport const y = (): number => x()\n",
  }
  using folder = plantedWithPackages({ ...own, ...planted, ...fine, ...cycle })
  const ended = run(folder.path, 'node_modules/.bin/oxlint', '--format', 'json', 'src', 'vitest.config.ts')
  const found = (JSON.parse(ended.stdout) as Report).diagnostics.map(({ code, filename }) => `${code} ${filename}`)
  const expected = faults.map(([rule], at) => `${rule} src/run/fault-${at}.ts`)
  const cycles = ['a', 'b'].map((name) => `import(no-cycle) src/std/${name}.ts`)
  expect(found.toSorted()).toEqual([...expected, ...cycles].toSorted())
})
