import type { Step } from '../model/plan.ts'

/** Gives each step its place in front of its words: unique in the migration, and the same whenever the plan is made again. */
export function numbered(steps: readonly Step[]): readonly Step[] {
  return steps.map((step, at) => ({ ...step, id: `${at + 1}-${slug(step.id)}` }))
}

/** It stands in the journal, in file names and on command lines. */
const longest = 48

function slug(words: string): string {
  const plain = words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^-+|-+$/g, '')
  return plain === '' ? 'step' : plain
}
