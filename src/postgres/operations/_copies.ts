import type { Catalog, Column, Index, Relation } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { isRelationName } from '../catalog-names.ts'
import { withDescendants } from '../facts/relations.ts'
import { textsOf, type ColumnRef, type IndexElem } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { edited, type Edit } from '../rewrites/_expression.ts'
import { createIndexSql, indexPlan } from '../rewrites/_index.ts'
import { closingOf, sourceOf, tokenAt, wordAt, type Source } from '../source.ts'
import { columnsIn, nodesTagged } from '../tree.ts'

const { name: quoted } = postgresDialect

/** A column that gets a second one beside it. */
export interface Copied {
  /** Canonical name. */
  readonly table: string
  readonly relation: Relation
  readonly from: string
  readonly to: string
  readonly catalog: Catalog
}

/** `name type` of the second column: nullable and without a DEFAULT, so that a value in it was written, by the new application or by the trigger. */
export function copyClause(to: string, { type, collation }: Pick<Column, 'type' | 'collation'>): string {
  return `${quoted(to)} ${type}${collation === undefined ? '' : ` COLLATE ${collation}`}`
}

/**
 * CREATE INDEX once more for each index on the column, on the second one: the new application looks rows up by it, and says ON CONFLICT. Those
 * of partitions come with their parent's. Undefined where one cannot be read.
 */
export function copiedIndexes(copied: Copied): readonly string[] | undefined {
  return indexCopies(copied)?.map(({ sql }) => sql)
}

export interface IndexCopy {
  readonly index: Index
  /** Name of the copy, in the schema of the table. */
  readonly name: string
  readonly sql: string
}

export function indexCopies(copied: Copied): readonly IndexCopy[] | undefined {
  const { table, catalog, from } = copied
  const taken: string[] = []
  const all = withDescendants(table, catalog).flatMap((key) => {
    const relation = catalog.relations.get(key)
    const own = relation?.indexes.filter((index) => index.valid && index.parent === undefined && index.mentions.includes(from)) ?? []
    return own.map((index) => (relation === undefined ? undefined : copiedIndex({ ...copied, table: key, relation }, index, taken)))
  })
  return all.includes(undefined) ? undefined : (all as readonly IndexCopy[])
}

function copiedIndex(copied: Copied, index: Index, taken: string[]): IndexCopy | undefined {
  const { table, relation, from, to, catalog } = copied
  const source = sourceOf({ sql: index.definition })
  const edits = [...referenceEdits(source, copied), ...keyEdits(source, copied)]
  const sql = edited(index.definition, [0, Buffer.byteLength(index.definition, 'utf8')], edits)
  const name = freeName({ catalog, relation, index, to, taken })
  taken.push(name)
  const plan = indexPlan(sourceOf({ sql }), { table, relation, name })
  return plan === undefined || mentions(plan.node, from) ? undefined : { index, name, sql: createIndexSql(plan, {}) }
}

type Renaming = Pick<Copied, 'from' | 'to'>

/** The column inside of expressions. */
export function referenceEdits(source: Source, renaming: Renaming): readonly Edit[] {
  return nodesTagged<ColumnRef>('ColumnRef', source.node).flatMap((reference) => referenceEdit(source, reference, renaming))
}

function referenceEdit(source: Source, { fields = [], location = 0 }: ColumnRef, { from, to }: Renaming): readonly Edit[] {
  return textsOf(fields).at(-1) === from ? editAt(source, tokenAt(source, location) + 2 * (fields.length - 1), to) : []
}

/** A key or an INCLUDE column has no place in the tree: it stands in one of the two lists, behind a parenthesis or comma, and is no call. */
function keyEdits(source: Source, { from, to }: Copied): readonly Edit[] {
  const keys = source.tokens.findIndex(({ text }) => text === '(')
  const include = wordAt(source, 'include', closingOf(source, keys))
  return [keys, ...(include === undefined ? [] : [include + 1])].flatMap((start) => listEdits(source, start, { from, to }))
}

/** The column in the list whose parenthesis opens at `start`. */
export function listEdits(source: Source, start: number, { from, to }: Renaming): readonly Edit[] {
  let depth = 0
  return source.tokens.slice(start, closingOf(source, start)).flatMap((token, offset) => {
    const at = start + offset
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    const before = source.tokens[at - 1]?.text
    const isKey = depth === 1 && token.text === quoted(from) && (before === '(' || before === ',') && source.tokens[at + 1]?.text !== '('
    return isKey ? editAt(source, at, to) : []
  })
}

function editAt(source: Source, at: number, to: string): readonly Edit[] {
  const token = source.tokens[at]
  return token === undefined ? [] : [{ start: token.start, end: token.end, text: quoted(to) }]
}

/** Whether an index still names the column: then an edit went amiss. */
function mentions(tree: unknown, column: string): boolean {
  return columnsIn(tree).includes(column) || nodesTagged<IndexElem>('IndexElem', tree).some(({ name }) => name === column)
}

interface Naming {
  readonly catalog: Catalog
  readonly relation: Relation
  readonly index: Index
  readonly to: string
  readonly taken: readonly string[]
}

/** It goes with the second column, so its name only has to be free. */
function freeName({ catalog, relation, index, to, taken }: Naming): string {
  for (let n = 0; ; n += 1) {
    const name = makeObjectName(`_lk_${index.name}`, to, n === 0 ? 'copy' : `copy${n}`)
    if (!taken.includes(name) && !isRelationName(catalog, relation.schema, name)) return name
  }
}
