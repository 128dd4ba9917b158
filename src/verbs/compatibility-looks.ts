import { judge } from '../compatibility/judge.ts'
import type { Judged } from '../compatibility/report.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Preparation, Sample, SchemaState, Verdict } from '../model/compatibility.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Plan } from '../model/plan.ts'
import { plan } from '../plan/plan.ts'
import { present } from '../std/present.ts'
import { blamed } from './compatibility-blame.ts'
import { placeOf, prepareAtHome, prepareThere, type AtHome, type Place, type There } from './compatibility-prepare.ts'
import type { PendingScope } from './compatibility-scope.ts'
import { putFirst, shownVersion } from './compatibility-versions.ts'
import { replay } from './replay.ts'
import { changesAsWritten, changesOfApply, type SchemaChange } from './schema-changes.ts'
import type { SchemaStates } from './schema-states.ts'

export interface Looked {
  readonly states: readonly SchemaState[]
  readonly old: readonly Judged[]
  readonly new: readonly Judged[]
  readonly notes: readonly string[]
}

interface Wanted {
  readonly scope: PendingScope
  readonly samples: { readonly old?: Sample; readonly new?: Sample }
  readonly allowed: readonly string[]
}

/** Brings the schema into each of its states, and prepares there what both applications say. */
export async function lookAt(engine: Engine, states: SchemaStates, { scope, samples, allowed }: Wanted): Promise<Looked> {
  const asked = { old: sqlOf(samples.old), later: sqlOf(samples.new) }
  const shown = shownVersion(engine, scope.pending)
  const before = await onOld(engine, states, { scope, asked })
  const way = states.canCopy ? wayOfApply(engine, scope, { catalog: before.catalog, allowed }) : noWay
  const expanded = await onExpanded(states, way, { homes: before.homes, later: asked.later })
  const after = await onNew(engine, states, { scope, shown, asked: { homes: before.homes, later: asked.later } })
  const homes = scope.begun ? withLater(before.homes, expanded.seen?.old) : before.homes
  const old = await judgeOld(states, homes, [
    { state: 'expanded', there: expanded.seen?.old, changes: way.changes ?? [] },
    { state: 'new', there: after.seen.old, changes: [...changesAsWritten(engine, scope.pending), ...(shown === undefined ? [] : [shown])] },
  ])
  const later = after.seen.new.map((home, at) => judgeNew(home, { old: before.later[at], expanded: expanded.seen?.new[at] }))
  return {
    states: expanded.seen === undefined ? ['old', 'new'] : ['old', 'expanded', 'new'],
    old: judgedOf(samples.old, old),
    new: judgedOf(samples.new, later),
    notes: [...before.notes, ...way.notes, ...expanded.notes, ...after.notes],
  }
}

function judgedOf(sample: Sample | undefined, on: readonly On[]): readonly Judged[] {
  return (sample?.queries ?? []).map((query, at) => ({ query, on: on[at] ?? {} }))
}

interface Old {
  readonly scope: PendingScope
  readonly asked: { readonly old: readonly string[]; readonly later: readonly string[] }
}

async function onOld(engine: Engine, states: SchemaStates, { scope, asked }: Old) {
  return await states.base(async (session) => {
    const skipped = await replay(engine, session, scope.history)
    const place = placeOf(session)
    const homes = await atHome(place, asked.old)
    const later = await atHome(place, asked.later)
    const catalog = await session.readCatalog()
    // The steps of apply keep their triggers' functions in its schema.
    if (states.canCopy) await engine.journal(session).install()
    return { homes, later, catalog, notes: skippedNote('the history', skipped) }
  })
}

interface New {
  readonly scope: PendingScope
  readonly shown: SchemaChange | undefined
  readonly asked: Asked
}

async function onNew(engine: Engine, states: SchemaStates, { scope, shown, asked }: New) {
  return await states.copy(async (session) => {
    const skipped: { readonly why: string }[] = [...(await replay(engine, session, scope.pending))]
    const why = await shown?.run(session)
    if (why !== undefined) skipped.push({ why })
    return { seen: await lookFrom(placeOf(session), asked), notes: skippedNote('what is pending', skipped) }
  })
}

function sqlOf(sample: Sample | undefined): readonly string[] {
  return sample?.queries.map(({ sql }) => sql) ?? []
}

async function atHome(place: Place, statements: readonly string[]): Promise<readonly AtHome[]> {
  const homes: AtHome[] = []
  for (const sql of statements) homes.push(await prepareAtHome(place, sql))
  return homes
}

interface Asked {
  readonly homes: readonly AtHome[]
  readonly later: readonly string[]
}

interface Seen {
  readonly old: readonly There[]
  readonly new: readonly AtHome[]
}

/** The old application finds what it found before, the new one its version first. */
async function lookFrom(place: Place, { homes, later }: Asked, shows?: string): Promise<Seen> {
  const old: There[] = []
  for (const home of homes) old.push(await prepareThere(place, home))
  if (shows !== undefined) await putFirst(place.session, shows)
  return { old, new: await atHome(place, later) }
}

interface Way {
  /** Absent where the expanded schema cannot be made. */
  readonly changes?: readonly SchemaChange[]
  /** The schema of the version to come. */
  readonly shows?: string
  readonly notes: readonly string[]
}

const noWay: Way = { notes: ['The expanded schema was not looked at: a shadow database cannot be copied.'] }

function wayOfApply(
  engine: Engine,
  { pending }: PendingScope,
  { catalog, allowed }: { readonly catalog: Catalog; readonly allowed: readonly string[] },
): Way {
  try {
    const versions = { physical: catalog, contracts: [], all: pending.flatMap(({ version }) => version ?? []) }
    const options = { project: 'compat', catalog, lockBudgetMs: 100, statementTimeoutMs: 30_000, allow: allowed, touched: '', versions }
    const made = plan(engine, pending, options)
    const shows = made.migrations.at(-1)?.shows
    return { changes: changesOfApply(engine, made.migrations, pending), notes: planNotes(made), ...present({ shows }) }
  } catch (error) {
    if (!(error instanceof LockkeeperError)) throw error
    return { notes: [`The expanded schema was not looked at, since there is no plan: ${error.message}`] }
  }
}

function planNotes({ migrations, waiting }: Plan): readonly string[] {
  const blocked = migrations.flatMap(({ id, blocked: hazards }) =>
    hazards.slice(0, 1).map(({ rule }) => `apply stops before ${id} (${rule}) unless it is allowed; looked at is what it would do then.`),
  )
  if (waiting === undefined) return blocked
  const { migration, behind } = waiting
  return [...blocked, `apply stops before ${migration} until ${behind} is complete: the expanded schema is that before it.`]
}

interface Expanded {
  readonly seen?: Seen
  readonly notes: readonly string[]
}

async function onExpanded(states: SchemaStates, { changes, shows }: Way, asked: Asked): Promise<Expanded> {
  if (changes === undefined) return { notes: [] }
  return await states.copy(async (session): Promise<Expanded> => {
    for (const change of changes) {
      const why = await change.run(session)
      if (why !== undefined) return { notes: [unseenNote(change, why)] }
    }
    return { seen: await lookFrom(placeOf(session), asked, shows), notes: [] }
  })
}

function unseenNote({ cause }: SchemaChange, why: string): string {
  return `The expanded schema was not looked at: the sandbox could not do a step of apply (${cause.where}): ${why}.`
}

function skippedNote(of: string, skipped: readonly { readonly why: string }[]): readonly string[] {
  const [first] = skipped
  if (first === undefined) return []
  const more = skipped.length > 1 ? ` (and ${skipped.length - 1} more)` : ''
  return [`The sandbox could not run all of ${of}: ${first.why}${more}. Statements that need it are unreadable, or seem to break.`]
}

/** Where the expanded schema stands already, what is at home there is of the new application. */
interface Home extends AtHome {
  readonly later?: true
}

function withLater(homes: readonly AtHome[], expanded: readonly There[] | undefined): readonly Home[] {
  return homes.map((home, at) => {
    const { there, as } = expanded?.[at] ?? {}
    if (home.preparation.kind !== 'refused' || there === undefined || as === undefined) return home
    return { ...as, preparation: there, later: true }
  })
}

interface Look {
  readonly state: 'expanded' | 'new'
  readonly there: readonly There[] | undefined
  readonly changes: readonly SchemaChange[]
}

type On = Judged['on']

async function judgeOld(states: SchemaStates, homes: readonly Home[], looks: readonly Look[]): Promise<readonly On[]> {
  const found: On[] = homes.map(({ preparation, later }) =>
    later === true ? {} : { old: judge({ home: preparation, there: preparation }) },
  )
  for (const { state, there, changes } of looks) {
    if (there === undefined) continue
    const verdicts = homes.map(({ preparation }, at) => judge({ home: preparation, ...(there[at] ?? { there: preparation }) }))
    const told = states.canCopy ? await blamed(states, changes, { homes, verdicts }) : verdicts
    told.forEach((verdict, at) => (found[at] = { ...found[at], [state]: verdict }))
  }
  return found
}

/** Its own schema is the new one. */
function judgeNew(home: AtHome | undefined, others: { readonly old: AtHome | undefined; readonly expanded: AtHome | undefined }): On {
  if (home === undefined) return {}
  const on = (there: Preparation): Verdict => judge({ home: home.preparation, there })
  return {
    ...(others.old !== undefined && { old: on(others.old.preparation) }),
    ...(others.expanded !== undefined && { expanded: on(others.expanded.preparation) }),
    new: on(home.preparation),
  }
}
