import { diskFiles } from '../adapters/_disk-files.ts'
import { check } from '../check/check.ts'
import { statementsOf } from '../check/statements.ts'
import { postgresEngine } from '../engines.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { CheckReport } from '../model/verdict.ts'
import { present } from '../std/present.ts'
import type { CheckVerbOptions } from './check-options.ts'
import { refuseUnknownRules } from './policy.ts'
import { findInProject } from './project-findings.ts'
import { withReplacements } from './replacements.ts'
import type { Sandbox } from './sandbox.ts'
import { openSandbox } from './sandbox.ts'
import type { Sizes } from './sizes.ts'
import { sizesFor } from './sizes.ts'
import type { Scope } from './scope.ts'
import { scopeOf } from './scope.ts'
import { withSizes } from './statistics.ts'
import type { Parsed, Trial } from './trial.ts'
import { predictAll, tryAll } from './trial.ts'

/**
 * Says what every pending statement locks, rewrites, scans and breaks. History is replayed in a private PostgreSQL and what is
 * pending is run there; a database, where given, is only read.
 */
export async function checkMigrations(options: CheckVerbOptions): Promise<CheckReport> {
  const cancel = new AbortController()
  const opening = openQuietly({ ...options, signal: AbortSignal.any([options.signal, cancel.signal]) })
  try {
    // The folder first, and then the engine: to load that keeps this process busy while the server's own programs run.
    const inspecting = inspect(options)
    const scope = await scopeOf(options)
    const engine = await postgresEngine()
    if (options.policy !== undefined) refuseUnknownRules(engine, options.policy)
    const wanted = { options, scope, parsed: options.sandbox === false ? [] : parsedAll(engine, scope) }
    const tried = await tryOut(engine, await opening, wanted)
    if (options.mustRun === true) refuseUnrun(tried, scope)
    const sizes = await sizesFor(options, scope)
    // The sandbox's server ends while its findings are judged.
    const closing = close(await opening)
    const report = judge(engine, tried, { ...wanted, sizes, project: await inspecting })
    await closing
    return report
  } finally {
    cancel.abort()
    await close(await opening)
  }
}

/** Throws `source-unreadable` where a statement names what is not there. */
function refuseUnrun({ unrun }: Trial, { pending }: Scope): void {
  const [why] = unrun
  if (why === undefined) return
  const files = pending.map(({ file }) => file).join(', ')
  throw new LockkeeperError('source-unreadable', `${files} cannot be run on what the files before it leave: ${why}.`)
}

/** Read while the sandbox starts. */
function parsedAll(engine: Engine, { pending }: Scope): readonly Parsed[] {
  return pending.map((migration) => ({ migration, statements: statementsOf(engine, migration) }))
}

/** Standard input is of no project. */
async function inspect({ root, paths }: CheckVerbOptions): Promise<CheckReport['project']> {
  return paths.includes('-') ? [] : await findInProject(diskFiles(root))
}

type Opened =
  | { readonly kind: 'open'; readonly sandbox: Sandbox }
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'missing' | 'failed'; readonly error: LockkeeperError }

// Begun before anything else, since starting a server takes longest; its failure is looked at when it is needed.
async function openQuietly(options: CheckVerbOptions): Promise<Opened> {
  const { shadowUrl, schema, signal, server } = options
  if (options.sandbox === false) return { kind: 'unwanted' }
  try {
    const sandbox = await openSandbox({ engine: postgresEngine, signal, ...present({ version: server?.version, shadowUrl, schema }) })
    return { kind: 'open', sandbox }
  } catch (error) {
    if (!(error instanceof LockkeeperError)) throw error
    return { kind: error.code === 'embedded-unavailable' || error.code === 'embedded-failed' ? 'missing' : 'failed', error }
  }
}

async function close(opened: Opened): Promise<void> {
  if (opened.kind === 'open') await opened.sandbox[Symbol.asyncDispose]()
}

interface Wanted {
  readonly options: CheckVerbOptions
  readonly scope: Scope
  readonly parsed: readonly Parsed[]
}

async function tryOut(engine: Engine, opened: Opened, { options, scope, parsed }: Wanted): Promise<Trial> {
  switch (opened.kind) {
    case 'failed':
      throw opened.error
    case 'unwanted':
      return predictAll(engine, { scope, version: versionsOf(options, scope).at(-1) ?? 18, why: '--no-sandbox' })
    case 'missing':
      return predictAll(engine, { scope, version: versionsOf(options, scope).at(-1) ?? 18, why: opened.error.message })
    case 'open':
      return await tryAll(engine, opened.sandbox, { scope, parsed })
  }
}

type Looked = Wanted & { readonly sizes: Sizes } & Pick<CheckReport, 'project'>

function judge(engine: Engine, tried: Trial, { options, scope, sizes, project }: Looked): CheckReport {
  const known = scope.catalog ?? tried.catalog
  const catalog = sizes.statistics?.origin === 'stats-file' ? withSizes(known, sizes.statistics) : known
  const report = check(engine, tried.pending, {
    catalog,
    versions: versionsOf(options, scope),
    together: scope.together,
    today: options.today,
    project,
    notes: [...scope.notes, ...sizes.notes, ...scope.pending.flatMap(rowsNote), ...versionNote(scope.pending), ...tried.notes],
    ...present({ sandboxVersion: tried.sandboxVersion, style: options.style, statistics: sizes.statistics, policy: options.policy }),
  })
  if (options.replacements !== true) return report
  return withReplacements(engine, report, { catalog, together: scope.together, pending: tried.pending })
}

function versionNote(pending: readonly Migration[]): readonly string[] {
  const isVersioned = pending.some(({ version }) => version !== undefined)
  return isVersioned ? ['Nobody runs these files as plain SQL: hazards that lockkeeper apply takes away are not shown.'] : []
}

function rowsNote({ file, body }: Migration): readonly string[] {
  if (body.kind !== 'recorded' || body.readsRows === undefined) return []
  const { call, line } = body.readsRows
  const place = line === undefined ? file : `${file}:${line}`
  return [
    `${place} looks at rows (${call}): judged is what it does where there are none. On the target apply judges each statement as it comes.`,
  ]
}

/** Where nobody says what the target is, it may be any supported major (H15). */
const supported = [13, 14, 15, 16, 17, 18] as const

function versionsOf({ server }: CheckVerbOptions, { catalog }: Scope): readonly number[] {
  if (server !== undefined) return [server.version]
  return catalog === undefined ? supported : [catalog.server.version]
}
