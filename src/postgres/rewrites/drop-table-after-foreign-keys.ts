import type { Catalog } from '../../model/catalog.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { foreignKeysOf, foreignKeysTo } from '../facts/relations.ts'
import { nameParts } from '../tree.ts'
import { relationKey } from '../names.ts'
import type { DropStmt, PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { cleanup, writeSteps, type Draft } from './_step.ts'
import { isOldTable } from './_target.ts'

const { name: quoted } = postgresDialect

/** Each table and each foreign key in a transaction of its own. The data goes all the same: that has to be allowed by name. */
export const dropTableAfterForeignKeys: Rewrite<PgNode> = {
  id: 'drop-table-after-foreign-keys',
  why: 'DROP TABLE takes ACCESS EXCLUSIVE on the table and on every table that a foreign key ties to it, all at once. Dropped one by one beforehand, each foreign key locks two tables for an instant.',
  source: 'measured: pgfacts A.5, lint.md 33, 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    if (current === undefined || !('DropStmt' in current.statement.node)) return undefined
    const drop = current.statement.node.DropStmt
    if (drop.removeType !== 'OBJECT_TABLE') return undefined
    const tables = droppedTables(drop, current.before)
    const drafts = tables === undefined ? undefined : draftsOf(drop, tables, current.before)
    return drafts === undefined ? undefined : { takes: 1, steps: writeSteps(drafts, current.before, options), checks: [] }
  },
}

/** Undefined where one is missing and must not be, is new, or is no plain table: then the statement stays as it is. */
function droppedTables(drop: DropStmt, catalog: Catalog): readonly string[] | undefined {
  const keys: string[] = []
  for (const object of drop.objects ?? []) {
    const key = relationKey(nameParts(object), catalog)
    const relation = catalog.relations.get(key)
    if (relation === undefined && drop.missing_ok === true) continue
    if (relation === undefined || !isOldTable(relation) || relation.partitionOf !== undefined || relation.children.length > 0)
      return undefined
    keys.push(key)
  }
  return keys
}

interface Tie {
  readonly from: string
  readonly name: string
  readonly to: string
  readonly definition: string
}

function draftsOf(drop: DropStmt, tables: readonly string[], catalog: Catalog): readonly Draft[] | undefined {
  const ties = tables.flatMap((table) => tiesOf(table, catalog))
  const distinct = [...new Map(ties.map((tie) => [`${tie.from} ${tie.name}`, tie])).values()]
  const outside = distinct.filter(({ from, to }) => tables.includes(to) && !tables.includes(from))
  const cascade = drop.behavior === 'DROP_CASCADE'
  // Without CASCADE the server refuses while another table refers to it, and so must we.
  if (outside.length > 0 && !cascade) return undefined
  return [
    ...distinct.filter(({ from, to }) => from !== to).map(dropKey),
    ...tables.map((table) => dropTable(table, drop.missing_ok === true, cascade)),
  ]
}

function tiesOf(table: string, catalog: Catalog): readonly Tie[] {
  const own = foreignKeysOf(catalog.relations.get(table)).map((key) => ({
    from: table,
    name: key.name,
    to: key.references,
    definition: key.definition,
  }))
  const others = foreignKeysTo(table, catalog).map(({ from, foreignKey }) => ({
    from,
    name: foreignKey.name,
    to: table,
    definition: foreignKey.definition,
  }))
  return [...own, ...others]
}

function dropKey({ from, name, to, definition }: Tie): Draft {
  return {
    kind: 'draft',
    id: `drop-${name}`,
    title: `drop foreign key ${quoted(name)} from ${from} to ${to} (both tables locked for an instant)`,
    phase: 'contract',
    sql: [`ALTER TABLE ${from} DROP CONSTRAINT ${quoted(name)}`],
    undo: cleanup(...restore(from, name, definition)),
  }
}

// Dropped first in case the step had not come to it. A definition that says NOT VALID was not validated before either.
function restore(table: string, name: string, definition: string): readonly string[] {
  const unchecked = definition.endsWith(' NOT VALID')
  const add = `ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${definition}${unchecked ? '' : ' NOT VALID'}`
  const drop = `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`
  return [drop, add, ...(unchecked ? [] : [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted(name)}`])]
}

function dropTable(table: string, ifExists: boolean, cascade: boolean): Draft {
  return {
    kind: 'draft',
    id: `drop-table-${table}`,
    title: `drop table ${table} with all its rows`,
    phase: 'contract',
    sql: [`DROP TABLE ${ifExists ? 'IF EXISTS ' : ''}${table}${cascade ? ' CASCADE' : ''}`],
    undo: { kind: 'forward-only', why: `the rows of ${table} are gone` },
  }
}
