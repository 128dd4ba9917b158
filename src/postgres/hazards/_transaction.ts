import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import type { Input } from './_input.ts'

/** What the transaction leaves: for what only its end decides, such as a key that a later statement adds. */
export function leftBy({ transaction, before }: Input): Catalog {
  const last = transaction.at(-1)
  return last === undefined ? before : simulate(last.statement, last.before)
}

/** What stands before the statement in its transaction. */
export function earlierIn({ transaction, at }: Input): readonly Judged<PgNode>[] {
  return transaction.slice(0, at)
}
