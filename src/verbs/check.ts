import { check } from '../check/check.ts'
import { statementsOf } from '../check/statements.ts'
import { postgresEngine } from '../engines.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { CheckReport } from '../model/verdict.ts'
import { present } from '../std/present.ts'
import type { CheckVerbOptions } from './check-options.ts'
import type { Sandbox } from './sandbox.ts'
import { openSandbox } from './sandbox.ts'
import type { Scope } from './scope.ts'
import { scopeOf } from './scope.ts'
import type { Parsed } from './trial.ts'
import { predictAll, tryAll } from './trial.ts'

/**
 * Says what every pending statement locks, rewrites, scans and breaks. History is replayed in a private PostgreSQL and what is
 * pending is run there; a database, where given, is only read.
 */
export async function checkMigrations(options: CheckVerbOptions): Promise<CheckReport> {
  const cancel = new AbortController()
  const loading = postgresEngine()
  const opening = openQuietly(loading, { ...options, signal: AbortSignal.any([options.signal, cancel.signal]) })
  try {
    const engine = await loading
    const scope = await scopeOf(options)
    const parsed = scope.pending.map((migration) => ({ migration, statements: statementsOf(engine, migration) }))
    return await judgeScope(engine, await opening, { options, scope, parsed })
  } finally {
    cancel.abort()
    const opened = await opening
    if (opened.kind === 'open') await opened.sandbox[Symbol.asyncDispose]()
  }
}

type Opened =
  | { readonly kind: 'open'; readonly sandbox: Sandbox }
  | { readonly kind: 'missing' | 'failed'; readonly error: LockkeeperError }

// Begun before anything else, since starting a server takes longest; its failure is looked at when it is needed.
async function openQuietly(engine: Promise<Engine>, options: CheckVerbOptions): Promise<Opened> {
  const { shadowUrl, schema, signal, server } = options
  try {
    const sandbox = await openSandbox({ engine, signal, ...present({ version: server?.version, shadowUrl, schema }) })
    return { kind: 'open', sandbox }
  } catch (error) {
    if (!(error instanceof LockkeeperError)) throw error
    return { kind: error.code === 'embedded-unavailable' || error.code === 'embedded-failed' ? 'missing' : 'failed', error }
  }
}

interface Wanted {
  readonly options: CheckVerbOptions
  readonly scope: Scope
  readonly parsed: readonly Parsed[]
}

async function judgeScope(engine: Engine, opened: Opened, { options, scope, parsed }: Wanted): Promise<CheckReport> {
  if (opened.kind === 'failed') throw opened.error
  const versions = versionsOf(options, scope)
  const tried =
    opened.kind === 'open'
      ? await tryAll(engine, opened.sandbox, { scope, parsed })
      : predictAll(engine, { scope, parsed, version: versions.at(-1) ?? 18, why: opened.error.message })
  return check(engine, tried.pending, {
    catalog: scope.catalog ?? tried.catalog,
    versions,
    together: scope.together,
    today: options.today,
    notes: [...scope.notes, ...tried.notes],
    ...present({ sandboxVersion: opened.kind === 'open' ? opened.sandbox.version : undefined }),
  })
}

/** Where nobody says what the target is, it may be any supported major (H15). */
const supported = [13, 14, 15, 16, 17, 18] as const

function versionsOf({ server }: CheckVerbOptions, { catalog }: Scope): readonly number[] {
  if (server !== undefined) return [server.version]
  return catalog === undefined ? supported : [catalog.server.version]
}
