import type { Engine } from '../model/engine.ts'
import type { Estimated, Statistics } from '../model/statistics.ts'
import type { JudgedStatement } from './judge.ts'

/** How long the statement works on the catalog that it finds; nothing without statistics. */
export function estimateOf<Node>(
  engine: Pick<Engine<Node>, 'estimate'>,
  { statement, facts, parts }: JudgedStatement<Node>,
  statistics: Statistics | undefined,
): Estimated {
  const before = parts[0]?.before
  if (statistics === undefined || before === undefined) return { kind: 'none' }
  return engine.estimate({ statement, facts, before }, parts, statistics)
}

/** Which tables lack what an estimate needs. */
export function estimateNote(estimates: readonly Estimated[]): readonly string[] {
  const all = estimates.flatMap((estimated) => (estimated.kind === 'unknown' ? estimated.relations : []))
  const names = [...new Set(all)].toSorted()
  if (names.length === 0) return []
  return [
    `No estimate where ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} read: no statistics, as if never analysed. Run ANALYZE there first.`,
  ]
}
