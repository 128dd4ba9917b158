import type { Statement } from '../model/statement.ts'
import type { A_Const, PgNode } from './node.ts'
import { nodesTagged } from './tree.ts'

/** The values of all constants in the statement that are texts or numbers, each once. */
export function constants({ node }: Statement<PgNode>): readonly string[] {
  const values = nodesTagged<A_Const>('A_Const', node).flatMap(({ sval, fval, ival, bsval }) => [
    sval?.sval,
    fval?.fval,
    bsval?.bsval,
    ival === undefined ? undefined : String(ival.ival ?? 0),
  ])
  return [...new Set(values)].filter((value) => value !== undefined)
}
