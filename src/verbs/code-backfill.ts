import { existsSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { CodeBatch } from '../backfill/code-batch.ts'
import { defineBackfill, type Backfill } from '../backfill/define-backfill.ts'
import type { BackfillDefinition, NamedBackfill } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import { present } from '../std/present.ts'
import { batchTargetMs, codeWork, invalid } from '../plan/code-work.ts'
import { validateBackfill } from './code-shape.ts'
import { moduleHash } from './module-hash.ts'

export interface CodePlace {
  /** The folder of the configuration: what is stored is relative to it. */
  readonly root: string
  /** The module, relative to `root` or absolute. */
  readonly file: string
  /** The default export where absent, else the only one that is a backfill. */
  readonly exportName?: string
}

/** A backfill of the user's, loaded, and not yet held against a database. */
export interface LoadedCode {
  readonly module: string
  readonly export: string
  readonly backfill: Backfill
  readonly code: CodeBatch
}

export interface CodeDefinition {
  readonly definition: BackfillDefinition
  readonly code: CodeBatch
}

/**
 * Loads a backfill in TypeScript, in this process, and holds it against the database, which is only read. Throws `backfill-invalid`, naming the
 * key, and `backfill-refused` where the table cannot be walked as it asks.
 */
export async function loadCodeBackfill(given: CodePlace & { readonly engine: Engine; readonly session: Session }): Promise<CodeDefinition> {
  const loaded = await loadCode(given)
  const { work, walk } = codeWork(given.engine, namedOf(loaded), await given.session.readCatalog())
  const { verify } = loaded.backfill
  return {
    definition: { work, walk, batchTargetMs, triggers: 'fire', ...present({ verify }) },
    code: loaded.code,
  }
}

/** What a plan holds of it. */
export function namedOf({ module, export: name, backfill, code }: LoadedCode): NamedBackfill {
  const { table, where, done, key, columns } = backfill
  return { module, export: name, hash: code.hash, table, ...present({ where, done, key, columns }) }
}

/** The code of a backfill that was begun elsewhere. Throws `backfill-changed`, before anything of it is run, where it is not the same here. */
export async function loadStored(root: string, { work }: Pick<BackfillDefinition, 'work'>): Promise<CodeBatch | undefined> {
  if (work.kind !== 'code') return undefined
  return (await loadCode({ root, file: work.module, exportName: work.export, hash: work.hash })).code
}

/** Looks at the code before it runs any of it where `hash` says what it must be. Throws `backfill-invalid` and `backfill-changed`. */
export async function loadCode({ root, file, exportName, hash }: CodePlace & { readonly hash?: string }): Promise<LoadedCode> {
  const { path, module, jiti } = await open(root, file)
  const found = await hashBy(jiti, root, path)
  if (hash !== undefined && hash !== found) throw changed(module, { begun: hash, here: found })
  const exported = await jiti.import(path).catch((error: unknown) => Promise.reject(unreadable(module, error)))
  const { name, value } = pick(module, exported, exportName)
  const backfill = validateBackfill(`${name} of ${module}`, value)
  return { module, export: name, backfill, code: codeBatch(backfill, found) }
}

/** The library is this one, so that `npx lockkeeper` works in a project that has not installed it. */
const library = { defineBackfill, defineConfig: (config: unknown) => config }

type Jiti = ReturnType<typeof import('jiti').createJiti>

/** Runs nothing of the module. Throws `backfill-invalid` where it is not there. */
export async function hashOf(root: string, file: string): Promise<string> {
  const { path, jiti } = await open(root, file)
  return await hashBy(jiti, root, path)
}

async function open(root: string, file: string): Promise<{ readonly path: string; readonly module: string; readonly jiti: Jiti }> {
  const path = isAbsolute(file) ? file : resolve(root, file)
  const module = relative(root, path).split(sep).join('/')
  if (!existsSync(path)) throw new LockkeeperError('backfill-invalid', `There is no file ${module}.`, { details: { module } })
  const { createJiti } = await import('jiti')
  return { path, module, jiti: createJiti(path, { fsCache: false, moduleCache: false, virtualModules: { lockkeeper: library } }) }
}

function hashBy(jiti: Jiti, root: string, path: string): Promise<string> {
  return moduleHash(root, path, (specifier, parentURL) => resolved(jiti, specifier, parentURL))
}

function resolved(jiti: Jiti, specifier: string, parentURL: string): string | undefined {
  if (specifier === 'lockkeeper' || specifier.startsWith('node:')) return undefined
  return jiti.esmResolve(specifier, { parentURL, try: true })
}

function changed(module: string, details: { readonly begun: string; readonly here: string }): LockkeeperError {
  return new LockkeeperError('backfill-changed', `${module}, or what it imports, is not what this backfill was begun with`, { details })
}

function unreadable(module: string, error: unknown): LockkeeperError {
  const why = error instanceof Error ? error.message : String(error)
  return new LockkeeperError('backfill-invalid', `${module} cannot be loaded: ${why}`, { cause: error, details: { module } })
}

function pick(module: string, exported: unknown, wanted: string | undefined): { readonly name: string; readonly value: unknown } {
  const all =
    typeof exported === 'object' && exported !== null ? new Map<string, unknown>(Object.entries(exported)) : new Map<string, unknown>()
  if (wanted !== undefined) {
    if (all.has(wanted)) return { name: wanted, value: all.get(wanted) }
    throw invalid(module, wanted, `is not exported; there are ${[...all.keys()].join(', ')}`)
  }
  if (all.has('default')) return { name: 'default', value: all.get('default') }
  const [only, ...others] = [...all].filter(([, value]) => typeof value === 'object' && value !== null && 'run' in value)
  if (only !== undefined && others.length === 0) return { name: only[0], value: only[1] }
  throw invalid(module, '', only === undefined ? 'it exports no backfill' : 'it exports several: say which, as FILE#NAME')
}

function codeBatch(backfill: Backfill, hash: string): CodeBatch {
  const { columns, verify, batch = 1_000, concurrency = 1, timeoutMs = 60_000 } = backfill
  const run: CodeBatch['run'] = (rows, tx) => backfill.run(rows, tx)
  return { hash, most: batch, concurrency, timeoutMs, run, ...present({ columns, verify }) }
}
