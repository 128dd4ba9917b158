import { defaultOf } from '../facts/add-column.ts'
import { volatilityOf } from '../facts/expression.ts'
import { actionsOf, columnIn, type Input } from './_input.ts'

/** True where ADD COLUMN writes all rows because its DEFAULT calls a volatile function. */
export function isVolatileDefault(input: Input): boolean {
  return (
    input.facts.rewrites.length > 0 &&
    actionsOf(input, 'AT_AddColumn').some((found) => volatilityOf(defaultOf(columnIn(found) ?? {}), input.before).volatile)
  )
}
