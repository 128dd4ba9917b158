import type { Relation } from '../../model/catalog.ts'
import { textsOf, type ColumnRef } from '../node.ts'
import { scan } from '../parse.ts'
import { edited, type Edit } from '../rewrites/_expression.ts'
import { parseOne, tokenAt, type Source } from '../source.ts'
import { nodesTagged } from '../tree.ts'

/** The expression over the row that a trigger has: each column of the table is one of NEW, or of OLD. */
export function overRow(value: string, relation: Relation, row: TriggerRow = 'NEW'): string {
  const sql = `SELECT ${value}`
  const node = parseOne(sql)
  if (node === undefined) return value
  const source: Source = { sql, node, tokens: scan(sql).filter((token) => !token.kind.endsWith('_COMMENT')) }
  const edits = nodesTagged<ColumnRef>('ColumnRef', node).flatMap((reference) => editOf(source, reference, { relation, row }))
  return edited(sql, ['SELECT '.length, Buffer.byteLength(sql, 'utf8')], edits)
}

/** What a row trigger calls the row behind a write, and the row before it. */
export type TriggerRow = 'NEW' | 'OLD'

interface OfRow {
  readonly relation: Relation
  readonly row: TriggerRow
}

function editOf(source: Source, { fields = [], location = 0 }: ColumnRef, { relation, row }: OfRow): readonly Edit[] {
  const names = textsOf(fields)
  const at = tokenAt(source, location)
  const [first, second] = [source.tokens[at], source.tokens[at + 2]]
  if (first === undefined || !isColumn(relation, names.at(-1))) return []
  if (names.length === 1) return [{ start: first.start, end: first.start, text: `${row}.` }]
  return names[0] === relation.name && second !== undefined ? [{ start: first.start, end: second.start, text: `${row}.` }] : []
}

function isColumn(relation: Relation, name: string | undefined): boolean {
  return relation.columns.some((column) => column.name === name)
}
