import type { Catalog, Relation } from '../../model/catalog.ts'
import { sameTree, textsOf, type Constraint, type IndexElem, type IndexStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { closingOf, expressionText, parseOne, textOfTokens, tokenAt, wordAt, type Source } from '../source.ts'
import { cleanup, type Draft } from './_step.ts'

const { name: quoted, literal } = postgresDialect

/** An index to be made: `rest` is all that follows the table in CREATE INDEX, in the user's own bytes. */
export interface IndexPlan {
  /** Canonical name of the table. */
  readonly table: string
  readonly relation: Relation
  readonly name: string
  readonly unique: boolean
  readonly rest: string
  readonly node: IndexStmt
}

/** The plan of a CREATE INDEX, under the name given or chosen; undefined where the text cannot be cut with certainty. */
export function indexPlan(source: Source, target: Pick<IndexPlan, 'table' | 'relation' | 'name'>): IndexPlan | undefined {
  if (!('IndexStmt' in source.node)) return undefined
  const node = source.node.IndexStmt
  return verified({ ...target, unique: node.unique === true, rest: textOfTokens(source, behindTable(source, node)), node })
}

/** The plan of the index behind a UNIQUE or PRIMARY KEY constraint; undefined where an index cannot be made for it beforehand. */
export function constraintIndexPlan(
  source: Source,
  constraint: Constraint,
  target: Pick<IndexPlan, 'table' | 'relation' | 'name'>,
): IndexPlan | undefined {
  if (constraint.without_overlaps === true || constraint.indexname !== undefined) return undefined
  const options = constraint.options === undefined ? '' : ` WITH ${parenthesesBehind(source, 'with', constraint)}`
  const including = textsOf(constraint.including)
  const rest = [
    ` (${textsOf(constraint.keys)
      .map((column) => quoted(column))
      .join(', ')})`,
    including.length === 0 ? '' : ` INCLUDE (${including.map((column) => quoted(column)).join(', ')})`,
    constraint.nulls_not_distinct === true ? ' NULLS NOT DISTINCT' : '',
    options,
    constraint.indexspace === undefined ? '' : ` TABLESPACE ${quoted(constraint.indexspace)}`,
  ].join('')
  const made = parseOne(`CREATE UNIQUE INDEX ON ${target.table}${rest}`)
  if (made === undefined || !('IndexStmt' in made) || !sameTree(made.IndexStmt.options, constraint.options)) return undefined
  return { ...target, unique: true, rest: rest.trimStart(), node: made.IndexStmt }
}

/** CREATE INDEX for the plan, or for another table and name where these are given. */
export function createIndexSql(
  plan: IndexPlan,
  how: { readonly concurrently?: boolean; readonly only?: boolean; readonly name?: string; readonly table?: string },
): string {
  const words = ['CREATE', ...(plan.unique ? ['UNIQUE'] : []), 'INDEX', ...(how.concurrently === true ? ['CONCURRENTLY'] : [])]
  return `${words.join(' ')} ${how.name ?? quoted(plan.name)} ON ${how.only === true ? 'ONLY ' : ''}${how.table ?? plan.table} ${plan.rest}`
}

/** Builds the index without blocking writes; an INVALID one of this name on this table is what a failed try left, and is dropped first. */
export function concurrentBuild(plan: IndexPlan): Draft {
  const index = quoted(plan.relation.schema, plan.name)
  const drop = `DROP INDEX CONCURRENTLY IF EXISTS ${index}`
  return {
    kind: 'draft',
    id: `build-index-${plan.name}`,
    title: `build ${plan.unique ? 'unique index' : 'index'} ${index} on ${plan.table} without blocking writes`,
    phase: 'expand',
    sql: [createIndexSql(plan, { concurrently: true })],
    undo: cleanup(drop),
    probe: { sql: indexProbe(plan, { index: literal(index), table: literal(plan.table) }), cleanup: [drop] },
  }
}

export interface ProbeTarget {
  /** Literals of canonical names, or placeholders for them. */
  readonly index: string
  readonly table: string
}

/**
 * Asks whether the index is there as wanted: on this table, valid, with these columns in this order. One that is being built
 * by another session right now is `building`, one of another shape `different`: neither is ours to touch.
 */
export function indexProbe(plan: Pick<IndexPlan, 'unique' | 'node'>, { index, table }: ProbeTarget): string {
  return `
SELECT coalesce((
  SELECT CASE
    WHEN i.indrelid IS DISTINCT FROM pg_catalog.to_regclass(${table}) THEN 'different'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) THEN 'building'
    WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'leftover'
    WHEN i.indisunique = ${plan.unique} AND (i.indpred IS NOT NULL) = ${plan.node.whereClause !== undefined}
      AND ARRAY(
        SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.place
      ) = ARRAY[${keyNames(plan.node).join(', ')}]::text[] THEN 'done'
    ELSE 'different'
  END
  FROM pg_catalog.pg_index i WHERE i.indexrelid = pg_catalog.to_regclass(${index})
), 'absent') AS state`.trim()
}

// An expression has no column: the left join gives NULL for it.
function keyNames(node: IndexStmt): readonly string[] {
  return elementsOf(node).map(({ name }) => (name === undefined ? 'NULL' : literal(name)))
}

/** Keys and INCLUDE columns. */
function elementsOf(node: IndexStmt): readonly IndexElem[] {
  return [...(node.indexParams ?? []), ...(node.indexIncludingParams ?? [])].flatMap((element) =>
    'IndexElem' in element ? [element.IndexElem] : [],
  )
}

export interface IndexKeys {
  /** SQL of each key, with its collation. */
  readonly keys: readonly string[]
  readonly where?: string
}

/** Keys and predicate as SQL over the row; undefined where one cannot be cut out of the text with certainty. */
export function indexKeys(source: Source, node: IndexStmt): IndexKeys | undefined {
  const keys = (node.indexParams ?? []).map((element) => ('IndexElem' in element ? keyText(source, element.IndexElem) : undefined))
  const where = expressionText(source, node.whereClause)
  if (keys.includes(undefined) || (node.whereClause !== undefined && where === undefined)) return undefined
  return { keys: keys as readonly string[], ...(where !== undefined && { where }) }
}

function keyText(source: Source, element: IndexElem): string | undefined {
  const key = element.name === undefined ? expressionText(source, element.expr) : quoted(element.name)
  if (key === undefined || element.collation === undefined) return key
  return `(${key}) COLLATE ${quoted(...textsOf(element.collation))}`
}

/** Whether a relation of that name stands in the table's schema. */
export function indexNamed(relation: Relation, name: string, catalog: Catalog): 'valid' | 'invalid' | 'relation' | undefined {
  const sisters = [...catalog.relations.values()].filter(({ schema }) => schema === relation.schema)
  const index = sisters.flatMap(({ indexes }) => indexes).find((found) => found.name === name)
  if (index !== undefined) return index.valid ? 'valid' : 'invalid'
  return sisters.some((found) => found.name === name) ? 'relation' : undefined
}

function behindTable(source: Source, node: IndexStmt): number {
  let at = tokenAt(source, node.relation?.location ?? 0) + 1
  while (source.tokens[at]?.text === '.') at += 2
  while (source.tokens[at]?.text === '*' || source.tokens[at]?.text === ')') at += 1
  return at
}

// WITH of a constraint stands behind its columns; the word cannot stand earlier but inside a quoted name, whose text differs.
function parenthesesBehind(source: Source, word: string, constraint: Constraint): string {
  const at = wordAt(source, word, tokenAt(source, constraint.location ?? 0)) ?? source.tokens.length
  return textOfTokens(source, at + 1, closingOf(source, at + 1))
}

function verified(plan: IndexPlan): IndexPlan | undefined {
  const made = parseOne(createIndexSql(plan, {}))
  if (made === undefined || !('IndexStmt' in made)) return undefined
  return sameTree(essence(made.IndexStmt), essence(plan.node)) ? plan : undefined
}

function essence(node: IndexStmt): IndexStmt {
  const { idxname: _name, relation: _relation, concurrent: _concurrent, if_not_exists: _exists, ...rest } = node
  return rest
}
