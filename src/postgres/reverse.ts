import type { Catalog, Constraint, NamedType, Relation } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import type { Reversal } from '../model/way-back.ts'
import { relationKey } from './names.ts'
import type { PgNode, RenameStmt } from './node.ts'
import { postgresDialect } from './quote.ts'
import { foreignKeysText, reverseTable, tableText } from './reverse-table.ts'
import { simulate } from './simulate.ts'

const { name: quoted, literal } = postgresDialect

/**
 * What makes the catalog behind a statement what it was before it. A rename is turned round; anything else follows from the difference of the two
 * catalogs, so what the catalog does not hold (rows, rights, comments, bodies) is named as work by hand.
 */
export function reverse(judged: Judged<PgNode>): Reversal {
  const { statement, before } = judged
  if (changesNothing.has(statement.kind)) return nothing
  if (rowStatements.has(statement.kind)) return byHand('rows were changed', judged)
  if ('RenameStmt' in statement.node) return renamed(statement.node.RenameStmt, before) ?? byHand('it renamed something', judged)
  const after = simulate(statement, before)
  const found = joined([...relations(before, after), ...types(before, after), ...functions(before, after)])
  return found.sql.length + found.lost.length + found.byHand.length === 0 ? byHand('it has no way back here', judged) : found
}

const nothing: Reversal = { sql: [], lost: [], byHand: [] }
const changesNothing: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'SelectStmt',
  'VacuumStmt',
  'LockStmt',
])
const rowStatements: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'TruncateStmt',
  'DoStmt',
  'CallStmt',
])

const excerptLength = 100

function byHand(why: string, { statement: { sql } }: Judged<PgNode>): Reversal {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  return { ...nothing, byHand: [`${why}: ${line.length > excerptLength ? `${line.slice(0, excerptLength)}...` : line}`] }
}

/** One after the other; the drops of each stand before what it makes. */
function joined(all: readonly Reversal[]): Reversal {
  return {
    sql: all.flatMap(({ sql }) => sql),
    lost: all.flatMap(({ lost }) => lost),
    byHand: all.flatMap((each) => each.byHand),
  }
}

function renamed(statement: RenameStmt, before: Catalog): Reversal | undefined {
  const sql = renames[statement.renameType ?? '']?.(statement, before)
  return sql === undefined ? undefined : { ...nothing, sql: [sql] }
}

const renames: { readonly [type: string]: ((statement: RenameStmt, before: Catalog) => string | undefined) | undefined } = {
  OBJECT_COLUMN: ({ relation, subname = '', newname = '' }, before) =>
    `ALTER TABLE ${relationKey(relation ?? {}, before)} RENAME COLUMN ${quoted(newname)} TO ${quoted(subname)}`,
  OBJECT_TABCONSTRAINT: ({ relation, subname = '', newname = '' }, before) =>
    `ALTER TABLE ${relationKey(relation ?? {}, before)} RENAME CONSTRAINT ${quoted(newname)} TO ${quoted(subname)}`,
  OBJECT_TABLE({ relation, newname = '' }, before) {
    const found = before.relations.get(relationKey(relation ?? {}, before))
    return found === undefined ? undefined : `ALTER TABLE ${quoted(found.schema, newname)} RENAME TO ${quoted(found.name)}`
  },
  OBJECT_INDEX({ relation, newname = '' }, before) {
    const schema = relation?.schemaname ?? before.searchPath[0] ?? 'public'
    return `ALTER INDEX ${quoted(schema, newname)} RENAME TO ${quoted(relation?.relname ?? '')}`
  },
}

function relations(before: Catalog, after: Catalog): readonly Reversal[] {
  const missing = [...before.relations].filter(([key]) => !after.relations.has(key))
  const gone = missing.map(([key, relation]) => brought(key, relation))
  const keys = missing.map(([key, relation]) => ({ ...nothing, sql: relation.kind === 'table' ? foreignKeysText(key, relation) : [] }))
  const made = [...after.relations].filter(([key]) => !before.relations.has(key)).map(([key, relation]) => dropped(key, relation))
  const changed = [...after.relations].flatMap(([key, relation]) => {
    const former = before.relations.get(key)
    if (former === undefined || former === relation || relation.kind === 'sequence') return []
    if (former.partitionOf !== relation.partitionOf) return [moved(key, former, relation)]
    return [reverseTable(key, own(former, before), own(relation, after))]
  })
  return [...made, ...serials(before, after, 'made'), ...gone, ...keys, ...changed, ...serials(before, after, 'owned')]
}

/** The sequence of a serial goes with its column: it is made before that comes back, and is its own again behind it. */
function serials(before: Catalog, after: Catalog, what: 'made' | 'owned'): readonly Reversal[] {
  return [...before.relations].flatMap(([key, { kind, ownedBy }]) => {
    if (kind !== 'sequence' || ownedBy === undefined || after.relations.has(key)) return []
    const column = before.relations.get(ownedBy.relation)?.columns.find(({ name }) => name === ownedBy.column)
    if (column === undefined || column.identity !== undefined) return []
    const owned = `ALTER SEQUENCE ${key} OWNED BY ${ownedBy.relation}.${quoted(ownedBy.column)}`
    return [{ ...nothing, sql: [what === 'made' ? `CREATE SEQUENCE ${key} AS ${column.type}` : owned] }]
  })
}

/** A partition that was attached or detached. What attaching gave it goes behind that, what it lacks comes before. */
function moved(key: string, former: Relation, now: Relation): Reversal {
  const { sql, lost, byHand: left } = reverseTable(key, former, now)
  const detach = now.partitionOf === undefined ? [] : [`ALTER TABLE ${now.partitionOf} DETACH PARTITION ${key}`]
  const attach =
    former.partitionOf === undefined ? [] : [`ALTER TABLE ${former.partitionOf} ATTACH PARTITION ${key} ${former.partitionBound ?? ''}`]
  return { sql: [...detach, ...sql, ...attach], lost, byHand: left }
}

/** What a partition has by itself: the rest comes and goes with its parent. */
function own(relation: Relation, catalog: Catalog): Relation {
  const parent = relation.partitionOf === undefined ? undefined : catalog.relations.get(relation.partitionOf)
  if (parent === undefined) return relation
  const isTaken = ({ name, definition }: Constraint) =>
    parent.constraints.some((constraint) => constraint.name === name || constraint.definition === definition) ||
    relation.indexes.some((index) => index.name === name && index.parent !== undefined)
  return {
    ...relation,
    columns: [],
    constraints: relation.constraints.filter((constraint) => !isTaken(constraint)),
    indexes: relation.indexes.filter((index) => index.parent === undefined),
  }
}

function brought(key: string, relation: Relation): Reversal {
  if (relation.kind === 'sequence' && relation.ownedBy !== undefined) return nothing
  if (relation.kind !== 'table')
    return { ...nothing, byHand: [`${relation.kind} ${key} was dropped, and its definition is not known here`] }
  return { sql: tableText(key, relation), lost: [`the rows of ${key}`], byHand: [] }
}

const words: { readonly [kind in Relation['kind']]: string } = {
  'table': 'TABLE',
  'partitioned': 'TABLE',
  'view': 'VIEW',
  'materialized-view': 'MATERIALIZED VIEW',
  'foreign-table': 'FOREIGN TABLE',
  'sequence': 'SEQUENCE',
}

function dropped(key: string, { kind, ownedBy }: Relation): Reversal {
  if (kind === 'sequence' && ownedBy !== undefined) return nothing
  const holdsRows = kind === 'table' || kind === 'partitioned'
  return { sql: [`DROP ${words[kind]} ${key}`], lost: holdsRows ? [`the rows of ${key}`] : [], byHand: [] }
}

function types(before: Catalog, after: Catalog): readonly Reversal[] {
  const made = [...after.types]
    .filter(([key]) => !before.types.has(key))
    .map(([key, type]) => ({ ...nothing, sql: [`DROP ${typeWord(type)} ${key}`] }))
  const gone = [...before.types].filter(([key]) => !after.types.has(key)).map(([key, type]) => typeBrought(key, type))
  const changed = [...after.types].flatMap(([key, type]) => {
    const former = before.types.get(key)
    return former === undefined || former === type
      ? []
      : [{ ...nothing, byHand: [`the type ${key} was changed: a value of an enum cannot be taken out`] }]
  })
  return [...made, ...changed, ...gone]
}

function typeWord({ kind }: NamedType): string {
  return kind === 'domain' ? 'DOMAIN' : 'TYPE'
}

function typeBrought(key: string, type: NamedType): Reversal {
  if (type.kind !== 'enum') return { ...nothing, byHand: [`the type ${key} was dropped, and its definition is not known here`] }
  return { ...nothing, sql: [`CREATE TYPE ${key} AS ENUM (${type.labels.map((label) => literal(label)).join(', ')})`] }
}

function functions(before: Catalog, after: Catalog): readonly Reversal[] {
  const made = [...after.functions]
    .filter(([key]) => !before.functions.has(key))
    .map(([key]) => ({ ...nothing, sql: [`DROP ROUTINE ${key}`] }))
  const others = [...new Set([...before.functions.keys(), ...after.functions.keys()])].filter(
    (key) => before.functions.has(key) && before.functions.get(key) !== after.functions.get(key),
  )
  return [
    ...made,
    ...others.map((key) => ({ ...nothing, byHand: [`the function ${key} was changed or dropped, and its former body is not known here`] })),
  ]
}
