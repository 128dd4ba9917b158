import type { Catalog, Relation } from '../model/catalog.ts'
import { byteLength, clip, makeObjectName, nameBytes } from '../std/object-name.ts'
import { isConstraintName, isRelationName } from './catalog-names.ts'
import { figureColumnName } from './column-names.ts'
import { textsOf, type Constraint, type IndexElem, type IndexStmt, type PgNode } from './node.ts'

/** Where a name must be free: the schema of the table, beside what the same statement has named already. */
export interface NameScope {
  readonly catalog: Catalog
  readonly relation: Pick<Relation, 'schema' | 'name'>
  readonly taken?: readonly string[]
}

/** The name that the server gives an index that has none (ChooseIndexName in indexcmds.c, PostgreSQL 13 to 18). */
export function chooseIndexName(scope: NameScope, index: IndexStmt): string {
  const elements = [...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])].flatMap((node) =>
    'IndexElem' in node ? [node.IndexElem] : [],
  )
  return chooseRelationName(scope, nameAddition(indexColumnNames(elements, scope.catalog)), 'idx')
}

/** The name of the index behind a UNIQUE constraint without a name, INCLUDE columns counted in. */
export function chooseUniqueName(scope: NameScope, columns: readonly string[]): string {
  return chooseRelationName(scope, nameAddition(numbered(columns)), 'key')
}

/** The name of the index behind an EXCLUDE constraint without a name; an expression is called `expr`. */
export function chooseExcludeName(scope: NameScope, columns: readonly string[]): string {
  return chooseRelationName(scope, nameAddition(numbered(columns)), 'excl')
}

/** The name of the sequence of a serial or identity column. */
export function chooseSequenceName(scope: NameScope, column: string): string {
  return chooseRelationName(scope, column, 'seq')
}

/** The name of the index behind a PRIMARY KEY without a name. */
export function choosePrimaryKeyName(scope: NameScope): string {
  return chooseRelationName(scope, undefined, 'pkey')
}

/** `columns`: all that the expression mentions; the name holds the column only where there is exactly one. */
export function chooseCheckName(scope: NameScope, columns: readonly string[]): string {
  const only = new Set(columns).size === 1 ? columns[0] : undefined
  return chooseConstraintName(scope, only, 'check')
}

/** The name of a FOREIGN KEY without one. */
export function chooseForeignKeyName(scope: NameScope, columns: readonly string[]): string {
  return chooseConstraintName(scope, nameAddition(columns), 'fkey')
}

/** The name under which 18 stores what SET NOT NULL makes. */
export function chooseNotNullName(scope: NameScope, column: string): string {
  return chooseConstraintName(scope, column, 'not_null')
}

/** The part after the table's name in an index name that the server chooses: `_a_b_idx`, for makeObjectName to cut. */
export function indexNameParts(index: IndexStmt, catalog: Catalog): { readonly addition: string; readonly label: string } {
  const elements = [...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])].flatMap((node) =>
    'IndexElem' in node ? [node.IndexElem] : [],
  )
  return { addition: nameAddition(indexColumnNames(elements, catalog)), label: 'idx' }
}

/** The same for the index behind a UNIQUE or PRIMARY KEY constraint without a name: `_a_b_key`, `_pkey`. */
export function keyNameParts(constraint: Constraint): { readonly addition?: string; readonly label: string } {
  if (constraint.contype === 'CONSTR_PRIMARY') return { label: 'pkey' }
  return { addition: nameAddition(numbered([...textsOf(constraint.keys), ...textsOf(constraint.including)])), label: 'key' }
}

// ChooseRelationName: an index must be free among relations, one behind a constraint among constraints too.
function chooseRelationName(scope: NameScope, addition: string | undefined, label: 'idx' | 'key' | 'pkey' | 'excl' | 'seq'): string {
  const { catalog, relation, taken = [] } = scope
  const constraint = label !== 'idx' && label !== 'seq'
  const isTaken = (name: string) =>
    taken.includes(name) ||
    isRelationName(catalog, relation.schema, name) ||
    (constraint && isConstraintName(catalog, relation.schema, name))
  return firstFree((modified) => makeObjectName(relation.name, addition, modified), label, isTaken)
}

function chooseConstraintName({ catalog, relation, taken = [] }: NameScope, addition: string | undefined, label: string): string {
  const isTaken = (name: string) => taken.includes(name) || isConstraintName(catalog, relation.schema, name)
  return firstFree((modified) => makeObjectName(relation.name, addition, modified), label, isTaken)
}

function firstFree(make: (label: string) => string, label: string, taken: (name: string) => boolean): string {
  for (let pass = 0; ; pass += 1) {
    const name = make(pass === 0 ? label : `${label}${pass}`)
    if (!taken(name)) return name
  }
}

// ChooseIndexNameAddition and ChooseForeignKeyConstraintNameAddition stop once the text is as long as a name may be.
function nameAddition(columns: readonly string[]): string {
  let addition = ''
  for (const column of columns) {
    addition += addition === '' ? column : `_${column}`
    if (byteLength(addition) >= nameBytes + 1) break
  }
  return addition
}

function indexColumnNames(elements: readonly IndexElem[], catalog: Catalog): readonly string[] {
  return numbered(elements.map((element) => element.indexcolname ?? element.name ?? expressionName(element.expr, catalog)))
}

function expressionName(expression: PgNode | undefined, catalog: Catalog): string {
  return figureColumnName(expression, catalog.server.version) ?? 'expr'
}

// ChooseIndexColumnNames: a repeated name gets a number.
function numbered(names: readonly string[]): readonly string[] {
  const chosen: string[] = []
  for (const name of names) {
    let candidate = name
    for (let number = 1; chosen.includes(candidate); number += 1) candidate = `${clip(name, nameBytes - `${number}`.length)}${number}`
    chosen.push(candidate)
  }
  return chosen
}
