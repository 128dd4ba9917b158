import type { StepWords } from '../model/bond.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import { relationKey } from './names.ts'
import { type AlterTableCmd, type PgNode } from './node.ts'
import { postgresDialect } from './quote.ts'
import { undoOf } from './undo.ts'

/** Title, short name and undo of a statement that runs as the user wrote it. */
export function wordsOf(judged: Judged<PgNode>, start: Catalog): StepWords {
  const title = titleOf(judged)
  return { id: slug(title), title, undo: undoOf(judged, start) }
}

function titleOf({ statement, facts, before }: Judged<PgNode>): string {
  const { node } = statement
  if (facts.creates.length > 0)
    return `create ${facts.creates.join(', ')}`.replace(/^create column/, 'add column').replace(/^create constraint/, 'add constraint')
  if (facts.destroys.length > 0) return `drop ${facts.destroys.join(', ')}`
  const [command] = 'AlterTableStmt' in node ? (node.AlterTableStmt.cmds ?? []) : []
  if ('AlterTableStmt' in node && command !== undefined && 'AlterTableCmd' in command)
    return actionTitle(command.AlterTableCmd, relationKey(node.AlterTableStmt.relation ?? {}, before))
  return excerpt(statement.sql)
}

const actions: ReadonlyMap<string, (place: string) => string> = new Map([
  ['AT_SetNotNull', (place) => `set ${place} NOT NULL`],
  ['AT_DropNotNull', (place) => `allow NULL in ${place}`],
  ['AT_DropConstraint', (place) => `drop constraint ${place}`],
  ['AT_ValidateConstraint', (place) => `check the existing rows against constraint ${place}`],
  ['AT_AlterColumnType', (place) => `change the type of ${place}`],
  ['AT_AddConstraint', (place) => `add a constraint to ${place}`],
])

function actionTitle(action: AlterTableCmd, key: string): string {
  const place = action.name === undefined ? key : `${key}.${postgresDialect.name(action.name)}`
  if (action.subtype === 'AT_ColumnDefault') return `${action.def === undefined ? 'drop' : 'set'} the default of ${place}`
  const known = actions.get(action.subtype ?? '')
  return known === undefined
    ? `alter ${place}: ${(action.subtype ?? '')
        .replace('AT_', '')
        .replaceAll(/(?!^)([A-Z])/g, ' $1')
        .toLowerCase()}`
    : known(place)
}

/** Long enough to be told from its neighbours in a list. */
const excerptLength = 70

function excerpt(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ')
  return line.length <= excerptLength ? line : `${line.slice(0, excerptLength - 3)}...`
}

/** Letters, digits and hyphens, 40 at most: it stands in file names, journals and on command lines. */
function slug(title: string): string {
  return title
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase()
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '')
}
