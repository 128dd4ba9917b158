import type { BackfillDefinition } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Work } from '../model/plan.ts'
import type { BackfillRow, BackfillTransaction } from './define-backfill.ts'

/** A module of the user's, loaded. */
export interface CodeBatch {
  /** Of the module and what it imports: workers of one backfill must have the same. */
  readonly hash: string
  readonly columns?: readonly string[]
  /** The most rows in one call. */
  readonly most: number
  readonly concurrency: number
  readonly timeoutMs: number
  readonly verify?: string
  readonly run: (rows: readonly BackfillRow[], tx: BackfillTransaction) => Promise<void>
}

export type CodeWork = Extract<Work, { readonly kind: 'code' }>

/** Throws `backfill-changed` where the code at hand is not what the backfill was begun with. */
export function refuseOtherCode(code: CodeBatch | undefined, definition: BackfillDefinition | undefined): void {
  const work = definition?.work
  if (work?.kind !== 'code' || work.hash === code?.hash) return
  const { module, export: name } = work
  throw new LockkeeperError(
    'backfill-changed',
    code === undefined ? `${name} of ${module} is not at hand` : `${module}, or what it imports, is not what this backfill was begun with`,
    { details: { module, export: name, begun: work.hash, here: code?.hash } },
  )
}
