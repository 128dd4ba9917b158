import type { CodeCommit, CodeCommitted, Place, ReadRow, RowVersion } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { countBatch, passes, stepBack } from './after-batch.ts'
import { codeFailed } from './code-failed.ts'
import { present } from '../std/present.ts'
import { callCode, type Called } from './call-code.ts'
import { codeLimits } from './code-turn.ts'
import { refuseOtherCode, type CodeBatch, type CodeWork } from './code-batch.ts'
import { mayGoOn } from './held.ts'
import { samePlace, type Range } from './range.ts'
import type { Walker } from './walker.ts'

/** What stays the same for all batches of a range. */
interface Going {
  readonly walker: Walker
  readonly range: Range
  readonly work: CodeWork
  readonly code: CodeBatch
  readonly troubles: Troubles
}

/** Where the next rows are read from. */
interface From {
  readonly after: Place | null
  /** Within a range of pages, whose place moves with its last batch. */
  readonly behind?: string
}

/** The rows of one call. */
interface Slice {
  readonly rows: readonly ReadRow[]
  /** To be come back to: they are changed or locked by others again and again. */
  readonly missed: readonly RowVersion[]
  readonly next: From
  readonly isLast: boolean
  readonly readMs: number
}

/**
 * Gives the rows of a range to the user's code, some at a time. They are read without a lock; the code's transaction locks them, and is none
 * where one was changed since: then it is called again with what is there now.
 */
export async function changeByCode(walker: Walker, range: Range): Promise<'done' | 'lost'> {
  const going = { walker, range, ...codeOf(walker), troubles: new Troubles() }
  let from: From = { after: range.after }
  for (;;) {
    walker.job.signal.throwIfAborted()
    if (!(await mayGoOn(walker, range.chunk))) return 'lost'
    const slice = await readSlice(going, from)
    const done = slice === undefined ? 'lost' : await changeSlice(going, slice)
    if (done === 'lost') return await lost(walker)
    if (done === 'again' || slice === undefined) continue
    if (slice.isLast) return 'done'
    from = slice.next
  }
}

function codeOf({ job }: Walker): Pick<Going, 'work' | 'code'> {
  const { work } = job.definition
  if (work.kind !== 'code' || job.code === undefined) throw new LockkeeperError('internal', 'a backfill by code has no code')
  return { work, code: job.code }
}

async function lost({ job }: Walker): Promise<'lost'> {
  const state = await job.store.read(job.key)
  refuseOtherCode(job.code, state?.definition)
  return 'lost'
}

async function readSlice({ walker, range, work, code, troubles }: Going, from: From): Promise<Slice | undefined> {
  const { job, ranges, size } = walker
  const byKey = job.definition.walk.by === 'key'
  const most = Math.min(code.most, byKey ? size.value : size.value * rowsOfPage)
  const began = performance.now()
  const found = await job.store.readRows({
    chunk: range.chunk,
    work,
    range: [
      range.chunk.alone ? ranges.alone(range.upTo) : ranges.within(from.after, range.upTo),
      ...(from.behind === undefined ? [] : [`ctid > '${from.behind}'::tid`]),
    ].join(' and '),
    only: !byKey,
    ...(code.columns === undefined ? {} : { columns: code.columns }),
    place: ranges.place,
    order: ranges.order,
    // One more tells whether it is the last.
    most: most + 1,
  })
  if (found === undefined) return undefined
  const isLast = found.length <= most
  const read = found.slice(0, most)
  const last = read.at(-1)?.version
  const isMissed = ({ version }: ReadRow): boolean => troubles.has(version)
  return {
    rows: read.filter((row) => !isMissed(row)),
    missed: read.filter(isMissed).map(({ version }) => version),
    next: isLast || last === undefined ? { after: range.upTo } : byKey ? { after: last.place } : { ...from, behind: last.ctid },
    isLast,
    readMs: performance.now() - began,
  }
}

/** A page holds more; its first rows tell how long they take. */
const rowsOfPage = 10

async function changeSlice(going: Going, slice: Slice): Promise<'done' | 'again' | 'lost'> {
  const { walker, work, code, range } = going
  const call = { walker, work, code, chunk: range.chunk, rows: slice.rows }
  const called: Called = slice.rows.length === 0 ? { kind: 'ran', runMs: 0, workMs: 0 } : await callCode(call)
  switch (called.kind) {
    case 'lost':
      return 'lost'
    case 'stuck':
      return await stepBack(walker, called.error)
    case 'moved':
      going.troubles.note(called.rows)
      walker.refuseStanding(new Error('rows are changed or locked by others again and again'))
      return 'again'
    case 'ran':
      return await commit(going, slice, called)
  }
}

type Ran = Extract<Called, { readonly kind: 'ran' }>

async function commit(going: Going, slice: Slice, ran: Ran): Promise<'done' | 'again' | 'lost'> {
  const { walker, work } = going
  const done = await tryCommit(going, slice, ran)
  if (done instanceof Error) return await stepBack(walker, done)
  if (done.kind === 'lost') return 'lost'
  if (done.kind === 'not-ours')
    throw await codeFailed({ ...walker.job, work, rows: versions(slice) }, new Error('run ended the transaction of tx itself'))
  walker.size.took(Math.max(slice.readMs, ran.workMs, (ran.runMs * walker.job.definition.batchTargetMs) / callTargetMs))
  going.troubles.over()
  await countBatch(walker, { ...done, missed: slice.missed.length, ms: ran.runMs }).catch(async (error: unknown) => {
    // Noted as a failure, so that mended code may go on.
    if (error instanceof LockkeeperError && error.code === 'rows-still-match') await walker.job.control.fail(walker.job.key, error.message)
    throw error
  })
  return 'done'
}

/** Long enough that calls cost little, short enough that a pause, and the loss of one, cost little too. */
const callTargetMs = 1_000

/** What passes is given back; the code's own failure that it went on after is told as that. */
async function tryCommit({ walker, range, work }: Going, slice: Slice, ran: Ran): Promise<CodeCommitted | Error> {
  const { job } = walker
  try {
    return await job.store.commitCode(job.key, commitOf({ walker, range, work }, slice, ran))
  } catch (error) {
    const cause = ran.failure ?? error
    const failure = job.session.classify(cause)
    if (job.signal.aborted || failure === 'connection-lost') throw cause
    if (passes(failure)) return cause instanceof Error ? cause : new Error(String(cause))
    throw await codeFailed({ ...job, work, rows: versions(slice) }, cause)
  }
}

function commitOf({ walker, range, work }: Pick<Going, 'walker' | 'range' | 'work'>, slice: Slice, ran: Ran): CodeCommit {
  const { job, ranges } = walker
  const rows = versions(slice)
  return {
    chunk: range.chunk,
    work,
    only: job.definition.walk.by === 'pages',
    next: { after: slice.next.after, finished: slice.isLast && samePlace(range.upTo, range.chunk.upTo) },
    ...present({ transaction: ran.transaction }),
    rows,
    ...(ranges.among === undefined || rows.length === 0 ? {} : { same: ranges.among(rows.map(({ place }) => place)) }),
    missed: distinct(slice.missed.map(({ place }) => place)),
    statementTimeoutMs: codeLimits.statementTimeoutMs,
    leaseMs: job.leaseMs,
  }
}

function versions({ rows }: Slice): readonly RowVersion[] {
  return rows.map(({ version }) => version)
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()]
}

/** Rows that were changed or locked by others while the code was at them. */
class Troubles {
  readonly #times = new Map<string, number>()

  note(rows: readonly RowVersion[]): void {
    for (const row of rows) this.#times.set(keyOf(row), (this.#times.get(keyOf(row)) ?? 0) + 1)
  }

  /** So often that the batch goes on without it. */
  has(row: RowVersion): boolean {
    return (this.#times.get(keyOf(row)) ?? 0) >= mostTimes
  }

  over(): void {
    this.#times.clear()
  }
}

const mostTimes = 3

function keyOf({ table, place }: RowVersion): string {
  return `${table} ${JSON.stringify(place)}`
}
