import { camelCase } from './registries.ts'

/** A file to begin from, by its path from the root. */
export interface NewFile {
  readonly path: string
  readonly text: string
}

/** What `npm run new` can begin: each makes a member of an extension folder and a test that fails until both are filled in. */
export const kinds: ReadonlyMap<string, (id: string) => readonly NewFile[]> = new Map([
  ['rule', (id: string) => pair('src/postgres/hazards', id, rule)],
  ['rewrite', (id: string) => pair('src/postgres/rewrites', id, rewrite)],
  ['adapter', (id: string) => pair('src/adapters', id, adapter)],
  ['throttle', (id: string) => pair('src/throttles', id, throttle)],
  ['command', (id: string) => pair('src/cli/commands', id, command)],
])

function pair(folder: string, id: string, member: (id: string) => string): readonly NewFile[] {
  return [
    { path: `${folder}/${id}.ts`, text: member(id) },
    { path: `${folder}/${id}.test.ts`, text: test(id) },
  ]
}

function test(id: string): string {
  return `import { expect, test } from 'vitest'
import { ${camelCase(id)} } from './${id}.ts'

test('${id} does what its name says', () => {
  expect(${camelCase(id)}).toBe('filled in: say here in a sentence what it does, and show it')
})
`
}

function rule(id: string): string {
  return `import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'

/** What waits or breaks, in one sentence. */
export const ${camelCase(id)}: HazardRule<PgNode> = {
  id: '${id}',
  group: 'lock',
  title: '',
  why: '',
  source: '',
  examples: { hazardous: [], safe: [] },
  detect: () => [],
}
`
}

function rewrite(id: string): string {
  return `import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'

/** What it makes of which statements, in one sentence. */
export const ${camelCase(id)}: Rewrite<PgNode> = {
  id: '${id}',
  why: '',
  source: '',
  match: () => undefined,
}
`
}

// The id must be added to SourceId in src/model/migration.ts first: the compiler says so.
function adapter(id: string): string {
  return `import type { Adapter } from '../model/adapter.ts'

/** Whose migrations it reads, and of which layout. */
export const ${camelCase(id)}: Adapter = {
  id: '${id}',
  detect: async () => undefined,
  recognises: async () => undefined,
  load: async () => [],
}
`
}

function throttle(id: string): string {
  return `import type { ThrottleKind } from '../model/throttle.ts'

/** What it reads, in which unit, which right that needs, and where the numbers come from. */
export const ${camelCase(id)}: ThrottleKind = {
  id: '${id}',
  summary: '',
  example: '',
  open: () => ({ id: '${id}', everyMs: 1_000, read: async () => ({ load: 1, reason: '' }) }),
}
`
}

function command(id: string): string {
  return `import type { Command } from '../command.ts'

/** What it does, in one sentence. */
export const ${camelCase(id)}: Command = {
  name: '${id}',
  summary: 'what it does, for the list in --help',
  arguments: [],
  options: [],
  run: async () => 1,
}
`
}
