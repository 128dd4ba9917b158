import type { Doubled, Gate, GateStep, Step } from '../model/plan.ts'
import type { Item } from './cut.ts'

/** The contract of a migration: its gate, and behind it what its operations left for later, in their order. Empty where none did. */
export function contractOf<Node>(items: readonly Item<Node>[]): readonly Step[] {
  const later = items.flatMap((item) => (item.kind === 'rewritten' && item.later !== undefined ? [item.later] : []))
  if (later.length === 0) return []
  const gate = gateStep(
    later.flatMap(({ gates }) => gates),
    later.flatMap(({ doubled, filled = [] }) => [...doubled, ...filled]),
  )
  return [gate, ...later.flatMap(({ steps }) => steps)]
}

export function gateStep(gates: readonly Gate[], doubled: readonly Doubled[]): GateStep {
  return {
    kind: 'gate',
    id: 'gate',
    title: 'wait until nobody needs the old shape',
    phase: 'contract',
    hazards: [],
    undo: { kind: 'free' },
    gates,
    doubled,
  }
}
