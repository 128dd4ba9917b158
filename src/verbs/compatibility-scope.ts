import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import { selectMigrations, type SelectOptions, type Selection } from './select.ts'
import { standingsOf } from './states.ts'
import { openTarget, readSituation, type Connection, type Target } from './target.ts'

export interface WhatIsPending extends SelectOptions {
  /** What is applied there is history; reads only. */
  readonly connection?: Connection
  /** Where it cannot be had, it is done without. */
  readonly connectionOptional?: boolean
  readonly project?: string
  readonly schema?: string
}

export interface PendingScope extends AsyncDisposable {
  /** Ran before; in order. */
  readonly history: readonly Migration[]
  readonly pending: readonly Migration[]
  readonly target?: Target
  /** The search path of the application. */
  readonly schemas?: readonly string[]
  /** Something of it has begun there: queries of both applications may come. */
  readonly begun: boolean
  readonly notes: readonly string[]
}

/** What makes the difference between the old schema and the new one. With nothing to tell it by, the last migration. */
export async function pendingScope(options: WhatIsPending): Promise<PendingScope> {
  const selection = await selectMigrations(options)
  const { target, notes } = await openIfAny(options)
  try {
    const found = await pendingIn(selection, target, options)
    const schemas = found.schemas ?? (options.schema === undefined ? undefined : [options.schema])
    const ids = new Set(found.pending.map(({ id }) => id))
    const { migrations } = selection.loaded
    const last = migrations.findLastIndex(({ id }) => ids.has(id))
    return {
      history: migrations.filter(({ id }, at) => !ids.has(id) && (at < last || ids.size === 0)),
      pending: found.pending,
      begun: found.begun === true,
      notes: [...notes, ...found.notes],
      ...(target !== undefined && { target }),
      ...(schemas !== undefined && { schemas }),
      [Symbol.asyncDispose]: async () => await target?.[Symbol.asyncDispose](),
    }
  } catch (error) {
    await target?.[Symbol.asyncDispose]()
    throw error
  }
}

interface Opened {
  readonly target?: Target
  readonly notes: readonly string[]
}

async function openIfAny({ connection, connectionOptional }: WhatIsPending): Promise<Opened> {
  if (connection === undefined) return { notes: [] }
  try {
    return { target: await openTarget(connection), notes: [] }
  } catch (error) {
    if (connectionOptional !== true || !(error instanceof LockkeeperError)) throw error
    return { notes: [`Judged without the database that the environment names: ${error.message}.`] }
  }
}

interface Pending {
  readonly pending: readonly Migration[]
  readonly begun?: boolean
  readonly schemas?: readonly string[]
  readonly notes: readonly string[]
}

async function pendingIn({ loaded, chosen }: Selection, target: Target | undefined, options: WhatIsPending): Promise<Pending> {
  const { migrations } = loaded
  if (target === undefined) {
    if (chosen !== undefined) return { pending: migrations.filter(({ id }) => chosen.has(id)), notes: [] }
    const pending = migrations.slice(-1)
    return { pending, notes: pending.map(({ id }) => lastNote(id)) }
  }
  const situation = await readSituation(target, loaded, options.project)
  const open = standingsOf(migrations, situation).filter(({ state }) => state !== 'complete')
  const wanted = open.map(({ migration }) => migration)
  const pending = chosen === undefined ? wanted : migrations.filter(({ id }) => chosen.has(id))
  const { searchPath } = situation.catalog
  const notes = pending.length === 0 ? ['Nothing is pending there: the schema stays as it is.'] : []
  const begun = open.some(({ state }) => state === 'expanded' || state === 'running' || state === 'failed')
  return { pending, begun, notes, ...(searchPath.length > 0 && { schemas: searchPath }) }
}

function lastNote(id: string): string {
  return `No database and no --since say what is pending: looked at is the last migration, ${id}.`
}
