import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import { present } from '../std/present.ts'
import type { Item } from './cut.ts'
import type { CutContext, PlanEngine } from './options.ts'
import type { Part } from './parts.ts'

interface Planned<Node> {
  readonly parts: readonly Part<Node>[]
  readonly items: readonly Item<Node>[]
  readonly context: CutContext
}

/** A value that nothing makes use of would be missed only when rows lack it. Throws `up-down-invalid`. */
export function refuseUnused<Node>(engine: PlanEngine<Node>, { parts, items, context }: Planned<Node>): void {
  const judged = parts.map((part) => part.judged)
  const used = new Set(items.flatMap((item) => (item.kind === 'rewritten' && item.gives === true ? item.parts : [])))
  const idle = parts.find((part) => part.judged.upDown !== undefined && !used.has(part))
  const [value] = idle?.judged.upDown ?? []
  if (idle === undefined || value === undefined) return
  const able = engine.rewrites.filter(({ gives }) => gives === true)
  const reasons = able.map((rewrite) => rewrite.whyNot?.(judged, parts.indexOf(idle)))
  const why = reasons.find((reason) => reason !== undefined) ?? 'lockkeeper cannot keep old and new in step here'
  throw new LockkeeperError('up-down-invalid', `${value.place}: the ${value.direction} of ${value.column} cannot be used: ${why}.`, {
    details: present({ file: context.migration.file, migration: context.migration.id }),
  })
}

/** It runs as the one transaction that its author wrote, whatever is said of its columns. Throws `up-down-invalid`. */
export function refuseInCode({ file, upDown = [] }: Migration): void {
  const [value] = upDown
  if (value === undefined) return
  throw new LockkeeperError(
    'up-down-invalid',
    `${value.file}, line ${value.line}: ${file} decides by rows what it does, so nothing of it can be kept in step.`,
    {
      hint: 'Put the change of the columns into a migration of its own, which looks at no rows.',
      details: { file: value.file, line: value.line },
    },
  )
}

/** A migration that names a backfill is cut there, and what belongs together could not be seen as one. Throws `cannot-split`. */
export function refuseBetween<Node>(parts: readonly Part<Node>[], { migration }: CutContext, stretches: number): void {
  const told = parts.find(({ judged }) => judged.upDown !== undefined)?.judged.upDown?.[0]
  if (told === undefined || stretches < 2) return
  throw new LockkeeperError('cannot-split', `${told.place}: a migration that names a backfill cannot say what columns hold too`, {
    hint: 'Put the backfill into a migration of its own.',
    details: { file: migration.file },
  })
}
