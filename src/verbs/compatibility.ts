import { judgedQueries, summaryOf, type Findings } from '../compatibility/report.ts'
import { postgresEngine } from '../engines.ts'
import type { CompatibilityReport, Sample, SchemaState } from '../model/compatibility.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Server } from '../model/server.ts'
import { present } from '../std/present.ts'
import { lookAt, type Looked } from './compatibility-looks.ts'
import { queriesInFile, queriesInLog, queriesOfServer } from './compatibility-queries.ts'
import { pendingScope, type PendingScope, type WhatIsPending } from './compatibility-scope.ts'
import { openSchemaStates } from './schema-states.ts'

export interface CompatibilityOptions extends WhatIsPending {
  /** Statements of the application that runs (its path from `root`); without it and `logFile` those that the database has counted. */
  readonly queriesFile?: string
  /** A log of the server instead. */
  readonly logFile?: string
  /** Statements of the application that is to come. */
  readonly newQueriesFile?: string
  /** The server to judge for; else the database's. */
  readonly server?: Server
  /** An empty database instead of the embedded server; the expanded schema is then not looked at. */
  readonly shadowUrl?: string
  /** `RULE` or `RULE:migration`: what `apply` is to be told to run as it is written. */
  readonly allowed?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Prepares every statement of the running application, and of the next one where given, on the schema before what is pending, after `apply`, and
 * after `complete`. All of it in a private PostgreSQL; a database, where given, is only read.
 */
export async function compatibility(options: CompatibilityOptions): Promise<CompatibilityReport> {
  const engine = await postgresEngine()
  await engine.load()
  await using scope = await pendingScope(options)
  const samples = await samplesOf(options, scope)
  const version = options.server?.version ?? scope.target?.session.server.version
  const { signal, shadowUrl } = options
  await using states = await openSchemaStates({ signal, ...present({ version, shadowUrl, schemas: scope.schemas }) })
  const looked = await lookAt(engine, states, { scope, samples, allowed: options.allowed ?? [] })
  return reportOf(samples, looked, { scope, version: states.version, notes: versionNote(version, states.version) })
}

export interface Samples {
  readonly old?: Sample
  readonly new?: Sample
}

async function samplesOf(options: CompatibilityOptions, { target }: PendingScope): Promise<Samples> {
  const { root, queriesFile, logFile, newQueriesFile } = options
  const later = newQueriesFile === undefined ? undefined : await queriesInFile(root, newQueriesFile)
  if (queriesFile !== undefined && logFile !== undefined)
    throw new LockkeeperError('usage', 'The statements of the running application come from a file or from a log: give one of them.')
  if (queriesFile !== undefined) return present({ old: await queriesInFile(root, queriesFile), new: later })
  if (logFile !== undefined) return present({ old: await queriesInLog(root, logFile), new: later })
  if (target !== undefined) return present({ old: await queriesOfServer(target.session), new: later })
  if (later !== undefined) return { new: later }
  throw new LockkeeperError('queries-missing', 'Nothing says what the application asks the database.')
}

function versionNote(wanted: number | undefined, had: number): readonly string[] {
  if (wanted === undefined || wanted === had) return []
  return [`PostgreSQL ${wanted} is not installed here: judged by PostgreSQL ${had}.`]
}

interface Around {
  readonly scope: PendingScope
  readonly version: number
  readonly notes: readonly string[]
}

function reportOf(samples: Samples, looked: Looked, { scope, version, notes }: Around): CompatibilityReport {
  const states: readonly SchemaState[] = looked.states
  const findings = (['old', 'new'] as const).flatMap((application): readonly Findings[] => {
    const sample = samples[application]
    return sample === undefined ? [] : [{ application, sample, judged: looked[application] }]
  })
  const told = findings.map((found) => ({ ...found, queries: judgedQueries(found) }))
  const queriesOf = (application: 'old' | 'new') => told.find((one) => one.application === application)?.queries ?? []
  return {
    server: scope.target?.session.server ?? { flavor: 'postgresql', version },
    migrations: scope.pending.map(({ id }) => id),
    states,
    summary: Object.fromEntries(told.map((one) => [one.application, summaryOf(one, one.queries, states)])),
    old: queriesOf('old'),
    new: queriesOf('new'),
    notes: [...notes, ...scope.notes, ...findings.flatMap(({ sample }) => sample.notes), ...looked.notes],
  }
}
