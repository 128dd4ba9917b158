import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plantedWithPackages, root, run } from './run-script.ts'

const leaf = 'export const x = 1\n'
const uses = (path: string): string => `import { x } from '${path}'\nexport const y = x\n`
const nothing = { 'bench/a.ts': leaf, 'scripts/a.ts': leaf, 'test/a.ts': leaf, 'src/std/leaf.ts': leaf, 'src/model/leaf.ts': leaf }

/** Each folder's planted fault, and the rule that must name it. */
const faults: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['std-imports', 'src/std/a.ts', uses('../model/leaf.ts')],
  ['model-imports', 'src/model/a.ts', uses('../run/leaf.ts')],
  ['adapters-imports', 'src/adapters/a.ts', uses('../postgres/leaf.ts')],
  ['throttles-imports', 'src/throttles/a.ts', uses('../postgres/leaf.ts')],
  ['postgres-imports', 'src/postgres/a.ts', "import type { x } from '../run/leaf.ts'\nexport type Y = typeof x\n"],
  ['plan-imports', 'src/plan/a.ts', uses('../postgres/leaf.ts')],
  ['run-imports', 'src/run/a.ts', uses('../plan/leaf.ts')],
  ['check-imports', 'src/check/a.ts', uses('../engines.ts')],
  ['report-imports', 'src/report/a.ts', uses('../cli/leaf.ts')],
  ['verbs-imports', 'src/verbs/a.ts', uses('../cli/leaf.ts')],
  ['pg-only-in-one-file', 'src/run/b.ts', "import pg from 'pg'\nexport const y = pg\n"],
  ['libpg-query-only-in-one-file', 'src/postgres/b.ts', "export const y = import('libpg-query')\n"],
  ['pure-core', 'src/plan/b.ts', "import { join } from 'node:path'\nexport const y = join\n"],
  ['pure-core', 'src/report/b.ts', "import { safeParse } from 'valibot'\nexport const y = safeParse\n"],
  ['siblings-are-strangers', 'src/postgres/hazards/a.ts', uses('./leaf.ts')],
  ['siblings-are-strangers', 'src/cli/commands/a.ts', uses('./leaf.ts')],
  ['siblings-are-strangers', 'src/throttles/b.ts', uses('./a.ts')],
  ['siblings-are-strangers', 'src/adapters/c.ts', uses('./index.ts')],
  ['no-cycles', 'src/std/c.ts', "import type { x } from './d.ts'\nexport const y: typeof x = 1\n"],
  ['source-stands-alone', 'src/cli/b.ts', uses('../../test/a.ts')],
  ['no-dev-packages', 'src/cli/c.ts', "import { build } from 'esbuild'\nexport const y = build\n"],
  ['folder-in-the-table', 'src/utils/a.ts', uses('../std/leaf.ts')],
]
const targets = ['run', 'postgres', 'plan', 'cli', 'postgres/hazards', 'cli/commands'].map((folder) => [`src/${folder}/leaf.ts`, leaf])
const others = {
  'src/engines.ts': leaf,
  'src/adapters/index.ts': leaf,
  'src/std/d.ts': "import type { y } from './c.ts'\nexport const x: typeof y = 1\n",
}
const allowed = {
  'src/postgres/client.ts': "import pg from 'pg'\nexport const y = pg\n",
  'src/postgres/parse.ts': "export const y = import('libpg-query')\n",
  'src/adapters/_shared.ts': leaf,
  'src/adapters/d.ts': uses('./_shared.ts'),
  'src/cli/d.ts': uses('../postgres/leaf.ts'),
  'src/plan/plan.test.ts': "import { join } from 'node:path'\nimport { x } from '../postgres/leaf.ts'\nexport const y = [x, join]\n",
}

interface Cruise {
  readonly summary: { readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[] }
}

test('each forbidden import is found, and nothing else', () => {
  const own = Object.fromEntries(
    ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'].map((name) => [name, readFileSync(join(root, name), 'utf8')]),
  )
  const planted = Object.fromEntries(faults.map(([, file, text]) => [file, text]))
  using folder = plantedWithPackages({ ...own, ...nothing, ...Object.fromEntries(targets), ...others, ...allowed, ...planted })
  const ended = run(folder.path, 'node_modules/.bin/depcruise', 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json')
  const found = (JSON.parse(ended.stdout) as Cruise).summary.violations.map(({ from, rule }) => `${rule.name} ${from}`)
  const expected = faults.map(([rule, file]) => `${rule} ${file}`)
  expect([...new Set(found)].toSorted()).toEqual(expected.toSorted())
})
