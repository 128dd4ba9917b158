import type { WayId, WayResult, WayStep } from './document.ts'
import { failuresOf, figuresOf, timelineOf } from './samples.ts'
import type { Sample, Window } from './samples.ts'

/** A migration with the report beside it; all but the window counts from the migration's beginning. */
export interface MigrationStretch {
  readonly window: Window
  readonly doneMs: number
  /** When the report ended. */
  readonly blockerMs: number
  readonly steps: readonly WayStep[]
}

/** The figures of one way, from every query of its traffic. */
export function resultOf(
  way: WayId,
  samples: readonly Sample[],
  { idle, run }: { readonly idle: Window; readonly run: MigrationStretch },
): WayResult {
  return {
    way,
    ...figuresOf(samples, run.window),
    doneMs: Math.round(run.doneMs),
    doneAfterBlockerMs: Math.round(doneAfterBlocker(run)),
    blockerMs: Math.round(run.blockerMs),
    failures: failuresOf(samples, run.window),
    idle: figuresOf(samples, idle),
    steps: run.steps.map((step) => ({ ...step, startMs: Math.round(step.startMs), endMs: Math.round(step.endMs) })),
    timeline: timelineOf(samples, run.window, 1000),
  }
}

/** The first commit after the report, of a step that had begun before it ended; where none had, the first commit after it at all. */
export function doneAfterBlocker({ steps, blockerMs, doneMs }: Pick<MigrationStretch, 'steps' | 'blockerMs' | 'doneMs'>): number {
  const after = steps.filter((step) => step.endMs >= blockerMs)
  const heldBack = after.filter((step) => step.startMs < blockerMs)
  const ends = (heldBack.length > 0 ? heldBack : after).map((step) => step.endMs)
  return Math.max(0, Math.min(doneMs, ...ends) - blockerMs)
}
