import type { FleetRules, Share, TargetState } from '../model/fleet.ts'

/** A target as far as waves go. */
export interface Placed {
  readonly name: string
  /** Absent where it is new. */
  readonly wave?: number
  readonly state: TargetState
  /** It waits in the queue. */
  readonly queued: boolean
  readonly attempts: number
}

/**
 * The wave of each target, in the order of the list: 0 for the canaries, then 1 and on. What has begun stays where it is, so that a list
 * that grows, or a machine with a longer one, only adds to waves that are not open yet.
 */
export function placeInWaves(targets: readonly Placed[], rules: FleetRules): ReadonlyMap<string, number> {
  const size = Math.max(1, Math.ceil(partOf(rules.wave, targets.length)))
  const open = Math.max(-1, ...targets.filter(hasBegun).map((target) => target.wave ?? -1))
  const placed = new Map<string, number>()
  let behind = 0
  for (const target of targets) {
    if (isSettled(target, open)) placed.set(target.name, target.wave ?? 0)
    else placed.set(target.name, waveAt(behind++, { open, size, canary: rules.canary }))
  }
  return placed
}

function hasBegun({ state, queued, attempts }: Placed): boolean {
  return state !== 'skipped' && (state !== 'pending' || queued || attempts > 0)
}

function isSettled({ wave, state }: Placed, open: number): boolean {
  return wave !== undefined && (state === 'skipped' || wave <= open)
}

interface Shape {
  /** The last wave that was opened; -1: none. */
  readonly open: number
  readonly size: number
  readonly canary: number
}

function waveAt(place: number, { open, size, canary }: Shape): number {
  if (open >= 0) return open + 1 + Math.floor(place / size)
  return place < canary ? 0 : 1 + Math.floor((place - canary) / size)
}

/** How many targets of a wave are in which state; `pending` are not in the queue yet. */
export interface WaveTally {
  readonly wave: number
  readonly pending: number
  readonly queued: number
  readonly running: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
}

export function tally(targets: readonly (Placed & { readonly wave: number })[]): readonly WaveTally[] {
  const waves = [...new Set(targets.map((target) => target.wave))].toSorted((a, b) => a - b)
  return waves.map((wave) => {
    const here = targets.filter((target) => target.wave === wave)
    const count = (is: (target: Placed) => boolean) => here.filter(is).length
    return {
      wave,
      pending: count((target) => target.state === 'pending' && !target.queued),
      queued: count((target) => target.state === 'pending' && target.queued),
      running: count((target) => target.state === 'running'),
      done: count((target) => target.state === 'done'),
      failed: count((target) => target.state === 'failed'),
      skipped: count((target) => target.state === 'skipped'),
    }
  })
}

export type Move =
  /** Puts what is pending in this wave into the queue. */
  | { readonly kind: 'open'; readonly wave: number }
  /** Something waits in the queue. */
  | { readonly kind: 'take'; readonly wave: number }
  /** All that is left of the wave is being worked on. */
  | { readonly kind: 'wait'; readonly wave: number }
  | { readonly kind: 'stop'; readonly why: 'canary' | 'budget'; readonly failed: number; readonly budget: number }
  | { readonly kind: 'end' }

/** What to do now: a wave opens when the ones before it have ended within the budget. A failed canary always stops: that is what it is for. */
export function nextMove(waves: readonly WaveTally[], rules: FleetRules): Move {
  const all = waves.reduce((sum, wave) => sum + sizeOf(wave), 0)
  const failed = waves.reduce((sum, wave) => sum + wave.failed, 0)
  const budget = Math.floor(partOf(rules.budget, all))
  const canaries = waves.find((wave) => wave.wave === 0)?.failed ?? 0
  const open = waves.find((wave) => wave.pending + wave.queued + wave.running > 0)
  if (open === undefined) return { kind: 'end' }
  if (canaries > 0) return { kind: 'stop', why: 'canary', failed: canaries, budget: 0 }
  if (failed > budget) return { kind: 'stop', why: 'budget', failed, budget }
  if (open.pending > 0) return { kind: 'open', wave: open.wave }
  return { kind: open.queued > 0 ? 'take' : 'wait', wave: open.wave }
}

function sizeOf({ pending, queued, running, done, failed, skipped }: WaveTally): number {
  return pending + queued + running + done + failed + skipped
}

function partOf({ unit, amount }: Share, all: number): number {
  return unit === 'targets' ? amount : (all * amount) / 100
}
