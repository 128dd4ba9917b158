import type { Catalog } from '../../model/catalog.ts'
import type { Undo } from '../../model/plan.ts'
import type { Statement } from '../../model/statement.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { cleanup, free, type Draft } from './_step.ts'
import { columnOf } from './_target.ts'

const { name: quoted } = postgresDialect

export interface DefaultPlace {
  readonly key: string
  readonly column: string
  /** The migration adds the column itself: what takes that back takes this too. */
  readonly added: boolean
}

/** SET DEFAULT in the user's own text. */
export function setDefaultDraft({ key, column, added }: DefaultPlace, { sql }: Pick<Statement<PgNode>, 'sql'>, before: Catalog): Draft {
  return {
    kind: 'draft',
    id: `set-default-${column}`,
    title: `set the default of ${key}.${quoted(column)} for new rows (the table locked for an instant)`,
    phase: 'expand',
    sql: [sql],
    undo: added ? free : formerDefault(key, column, before),
  }
}

/** Takes a change of a default back to what the catalog holds. */
export function formerDefault(table: string, column: string, before: Catalog): Undo {
  const former = columnOf(before.relations.get(table), column)?.default
  const action = former === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${former}`
  return cleanup(`ALTER TABLE IF EXISTS ${table} ALTER COLUMN ${quoted(column)} ${action}`)
}
