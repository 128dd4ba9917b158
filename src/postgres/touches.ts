import type { Judged } from '../model/hazard.ts'
import type { Doubled } from '../model/plan.ts'
import { withDescendants } from './facts/relations.ts'
import { relationKey } from './names.ts'
import type { PgNode, RangeVar } from './node.ts'
import { postgresDialect } from './quote.ts'
import { sourceOf } from './source.ts'

/**
 * Whether a statement changes, replaces or ties itself to a table or to columns of it that stand twice. By the relations of its facts and, for
 * columns, by the words of its text: a word too much only makes somebody wait.
 */
export function touches(judged: Judged<PgNode>, { relation, columns }: Doubled): boolean {
  const { statement, facts, before, upDown = [] } = judged
  const said = upDown.flatMap(({ column, reads }) => [column, ...reads])
  if (said.length > 0 && isAbout(judged, withDescendants(relation, before)) && (columns ?? said).some((name) => said.includes(name)))
    return true
  if (rowStatements.has(statement.kind) || !isAbout(judged, withDescendants(relation, before))) return false
  if (columns === undefined || isOfWhole(judged, relation)) return true
  const words = new Set(sourceOf(statement).tokens.map(({ text }) => text))
  const dropped = facts.destroys.some((thing) => columns.some((name) => thing === `column ${relation}.${postgresDialect.name(name)}`))
  return dropped || columns.some((name) => words.has(postgresDialect.name(name)) || words.has(`"${name.replaceAll('"', '""')}"`))
}

/** They find both shapes, and what they write is kept in step. */
const rowStatements: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'TruncateStmt',
])

function isAbout({ facts }: Judged<PgNode>, relations: readonly string[]): boolean {
  const things = [...facts.creates, ...facts.destroys].map((thing) => thing.slice(thing.indexOf(' ') + 1))
  return relations.some((key) => things.includes(key) || facts.locks.some((lock) => lock.relation === key))
}

function isOfWhole({ statement: { node }, facts, before }: Judged<PgNode>, relation: string): boolean {
  if (facts.destroys.includes(`table ${relation}`)) return true
  const range = wholeOf(node)
  return range !== undefined && relationKey(range, before) === relation
}

function wholeOf(node: PgNode): RangeVar | undefined {
  if ('RenameStmt' in node) return node.RenameStmt.renameType === 'OBJECT_TABLE' ? node.RenameStmt.relation : undefined
  return 'AlterObjectSchemaStmt' in node ? node.AlterObjectSchemaStmt.relation : undefined
}
