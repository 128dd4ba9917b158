import type { BatchDone, Chunk, Place } from '../model/backfill.ts'
import { countBatch, passes, stepBack } from './after-batch.ts'
import { changeByCode } from './change-by-code.ts'
import { mayGoOn } from './held.ts'
import { seeingWho } from './in-the-way.ts'
import { samePlace, type Range } from './range.ts'
import { firstStripe, shareUpTo } from './stripes.ts'
import type { Walker } from './walker.ts'

/** Goes through a chunk range by range, until it is done or somebody else has it. */
export async function changeChunk(walker: Walker, chunk: Chunk): Promise<void> {
  let { after } = chunk
  for (;;) {
    walker.job.signal.throwIfAborted()
    const ranges = await nextRanges(walker, chunk, after)
    const upTo = ranges.at(-1)?.upTo ?? chunk.upTo
    const taken = await changeRanges(walker, ranges)
    if (taken === 'lost' || (taken === 'done' && samePlace(upTo, chunk.upTo))) return
    if (taken === 'done') after = upTo
  }
}

/**
 * One, or some that take turns where there are stripes: what others had in their snapshots when a stripe of the first was committed, they have
 * let go once the rest had their turn, so that the page can be pruned. Else a second worker would take the room for the next stripe away.
 */
async function nextRanges(walker: Walker, chunk: Chunk, after: Place | null): Promise<readonly Range[]> {
  const ranges = [{ chunk, after, upTo: await endOfRange(walker, chunk, after) }]
  const most = chunk.alone || walker.stripes.of === 1 ? 1 : inTurn
  for (let last = ranges[0]; last !== undefined && ranges.length < most && !samePlace(last.upTo, chunk.upTo); last = ranges.at(-1))
    ranges.push({ chunk, after: last.upTo, upTo: await endOfRange(walker, chunk, last.upTo) })
  return ranges
}

async function endOfRange(walker: Walker, chunk: Chunk, after: Place | null): Promise<Place> {
  if (chunk.alone) return chunk.upTo
  return (await walker.ranges.next(chunk.relation, { after, bound: chunk.upTo }, walker.windowSize)) ?? chunk.upTo
}

/** All rows at once, or in stripes. `again`: somebody has a row locked; the ranges are made smaller, and what is done of them no longer matches. */
async function changeRanges(walker: Walker, ranges: readonly Range[]): Promise<'done' | 'again' | 'lost'> {
  const [first] = ranges
  if (first === undefined) return 'done'
  if (walker.job.definition.work.kind === 'code') return await changeByCode(walker, first)
  const counted = ranges.map(() => ({ rows: 0, hotRows: 0 }))
  for (const { range, at, stripe } of turns(ranges, first.chunk.alone ? 1 : walker.stripes.of)) {
    if (!(await mayGoOn(walker, range.chunk))) return 'lost'
    const done = await changeStripe(walker, range, stripe)
    if (typeof done === 'string') return done
    const before = counted[at] ?? { rows: 0, hotRows: 0 }
    counted[at] = { rows: before.rows + done.rows, hotRows: before.hotRows + done.hotRows }
  }
  if (!first.chunk.alone) for (const { rows, hotRows } of counted) walker.stripes.took(rows, hotRows)
  return 'done'
}

interface Turn {
  readonly range: Range
  readonly at: number
  readonly stripe: Stripe
}

/** The first stripe of each range, then the second of each, and so on. */
function turns(ranges: readonly Range[], of: number): readonly Turn[] {
  const place = ranges[0]?.after ?? null
  return Array.from({ length: of }, (_, pass) => ranges.map((range, at) => ({ range, at, stripe: { pass, of, place } }))).flat()
}

interface Stripe {
  readonly pass: number
  readonly of: number
  /** Where the chunk stands until the last stripe. */
  readonly place: Place | null
}

async function changeStripe(walker: Walker, range: Range, stripe: Stripe): Promise<BatchDone | 'again' | 'lost'> {
  const began = performance.now()
  const done = await tryBatch(walker, range, stripe)
  if (typeof done === 'string') return done
  const ms = performance.now() - began
  // The first of several is the largest; one row alone says nothing of how many go at once.
  const share = stripe.of === 1 ? 1 : firstStripe
  if (stripe.pass === 0 && !range.chunk.alone) walker.size.took(ms / share, done.workMs / share)
  await countBatch(walker, { ...done, ms })
  return done
}

/** Where somebody has a row locked, once more around it; where that does not go either, a step back. */
async function tryBatch(walker: Walker, range: Range, stripe: Stripe): Promise<BatchDone | 'again' | 'lost'> {
  const { kind } = walker.job.definition.work
  for (const around of kind === 'insert' ? [false] : [false, true]) {
    const outcome = await seeingWho(walker, () => attempt(walker, range, { ...stripe, around }))
    if (outcome.kind === 'done') return outcome
    if (outcome.kind === 'lost') return 'lost'
    if (outcome.kind === 'stuck' && around) return await stepBack(walker, outcome.error)
    if (outcome.kind === 'too-many-locked') return await stepBack(walker, new Error('too many rows are locked'))
    if (outcome.kind === 'stuck' && kind === 'insert') return await stepBack(walker, outcome.error)
  }
  return 'again'
}

type Attempted = Awaited<ReturnType<Walker['job']['store']['batch']>> | { readonly kind: 'stuck'; readonly error: unknown }

async function attempt(walker: Walker, { chunk, after, upTo }: Range, how: Stripe & { readonly around: boolean }): Promise<Attempted> {
  const { job, ranges } = walker
  const { work, walk, triggers } = job.definition
  const last = how.pass === how.of - 1
  try {
    return await job.store.batch(job.key, {
      chunk,
      next: { after: last ? upTo : how.place, finished: last && samePlace(upTo, chunk.upTo) },
      range: [
        chunk.alone ? ranges.alone(upTo) : ranges.within(after, upTo),
        ...(last ? [] : [ranges.share(shareUpTo(how.pass, how.of))]),
      ].join(' and '),
      only: walk.by === 'pages',
      work,
      limits: { lockTimeoutMs: Math.min(job.lockBudgetMs, rowWaitMs), statementTimeoutMs: batchLimitMs },
      ...(how.around ? { around: { place: ranges.place, ...mostMissed } } : {}),
      skipTriggers: triggers === 'skip',
      leaseMs: job.leaseMs,
    })
  } catch (error) {
    if (!passes(job.session.classify(error)) || job.signal.aborted) throw error
    return { kind: 'stuck', error }
  }
}

/** `cancelled`: by its time limit, or by somebody who saw it; a smaller batch is what either wants. */
/**
 * Ranges that take turns. Two workers on a million rows (bench:backfill): index growth against one UPDATE 0.73 with one, 0.36 with two, 0.25 with
 * three, 0.19 with four, which is what one worker alone has.
 */
const inTurn = 4

/** It holds other rows while it waits for one. */
const rowWaitMs = 30
/** A batch is sized for some 15 ms; one that takes so long meets something else, and is halved. */
const batchLimitMs = 5_000
/** More rows that are locked than these, in one batch or in all, are somebody's own change of many rows, which will end. */
const mostMissed = { most: 100, mostInAll: 1_000 }
