import type { Rewrite } from '../../model/rewrite.ts'
import type { AlterTableCmd, PgNode } from '../node.ts'
import { alterTarget, columnOf, type Target } from './_target.ts'

/** Columns alone: a constraint may be a trigger's, which the catalog does not list. */
export const leaveOutNoOp: Rewrite<PgNode> = {
  id: 'leave-out-no-op',
  why: 'ADD COLUMN IF NOT EXISTS of a column that is there, and DROP COLUMN IF EXISTS of one that is not, change nothing, but wait for ACCESS EXCLUSIVE like any other, with everyone behind them. They are left out.',
  source: 'measured on 13 to 18: the lock is taken before the column is looked for',
  match(judged, at) {
    const current = judged[at]
    if (current === undefined) return undefined
    const target = alterTarget(current, 'AT_AddColumn') ?? alterTarget(current, 'AT_DropColumn')
    return target !== undefined && isNoOp(target) ? { takes: 1, steps: [], checks: [] } : undefined
  },
}

function isNoOp({ relation, action }: Target): boolean {
  if (action.missing_ok !== true) return false
  const isThere = columnOf(relation, nameOf(action)) !== undefined
  return action.subtype === 'AT_AddColumn' ? isThere : !isThere
}

function nameOf({ name = '', def }: AlterTableCmd): string {
  return def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : name
}
