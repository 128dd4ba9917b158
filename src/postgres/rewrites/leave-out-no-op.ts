import type { Rewrite } from '../../model/rewrite.ts'
import type { AlterTableCmd, AlterTableType, PgNode } from '../node.ts'
import { alterTarget, columnOf, onlyAction, type Target } from './_target.ts'

/** CREATE INDEX IF NOT EXISTS is left out by those who would build the index. */
export const leaveOutNoOp: Rewrite<PgNode> = {
  id: 'leave-out-no-op',
  why: 'ADD COLUMN IF NOT EXISTS of a column that is there, and DROP COLUMN, CONSTRAINT, IDENTITY or EXPRESSION IF EXISTS of what is not, change nothing, but wait for ACCESS EXCLUSIVE like any other, with everyone behind them. They are left out.',
  source: 'measured on 13 to 18: the lock is taken before the column or constraint is looked for',
  match(judged, at) {
    const current = judged[at]
    if (current === undefined) return undefined
    const { subtype, missing_ok } = onlyAction(current.statement.node) ?? {}
    const isNoOp = subtype === undefined || missing_ok !== true ? undefined : noOps[subtype]
    const target = isNoOp === undefined || subtype === undefined ? undefined : alterTarget(current, subtype)
    return target !== undefined && isNoOp?.(target) === true ? { takes: 1, steps: [], checks: [] } : undefined
  },
}

const noOps: { readonly [subtype in AlterTableType]?: (target: Target) => boolean } = {
  AT_AddColumn: ({ relation, action }) => columnOf(relation, addedName(action)) !== undefined,
  AT_DropColumn: ({ relation, action }) => columnOf(relation, action.name ?? '') === undefined,
  // The constraint of a trigger is not in the catalog, need not have the trigger's name, and cannot be dropped: the server is to say so.
  AT_DropConstraint: ({ relation, action }) =>
    relation.triggers.length === 0 && !relation.constraints.some(({ name }) => name === action.name),
  AT_DropIdentity: ({ relation, action }) => {
    const column = columnOf(relation, action.name ?? '')
    return column !== undefined && column.identity === undefined
  },
  AT_DropExpression: ({ relation, action }) => {
    const column = columnOf(relation, action.name ?? '')
    return column !== undefined && column.generated === undefined
  },
}

function addedName({ def }: AlterTableCmd): string {
  return def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : ''
}
