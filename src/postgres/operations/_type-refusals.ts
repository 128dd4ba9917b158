import type { Catalog, Column, Relation } from '../../model/catalog.ts'
import { foreignKeysTo, type ForeignKey } from '../facts/relations.ts'
import { shapeOfText } from '../facts/type-shape.ts'
import { findFunction } from '../names.ts'
import { textsOf, type FuncCall, type PgNode, type SQLValueFunction, type TypeCast } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { whyNotInBatches } from '../rewrites/_expression.ts'
import { columnOf } from '../rewrites/_target.ts'
import { callsIn, nodesTagged } from '../tree.ts'
import { statisticsOf } from './_swap.ts'
import { allTraits, traitOf, type TypeChanging } from './_type-change.ts'

const { name: quoted } = postgresDialect

/** What a second column could not take over, or the server refuses; the first reason found. */
export function whyNotChanged(change: TypeChanging): string | undefined {
  return tableRefusal(change) ?? columnRefusal(change) ?? indexRefusal(change) ?? keyRefusal(change) ?? valueRefusal(change)
}

function tableRefusal({ table, relation, shadow }: TypeChanging): string | undefined {
  if (relation.kind === 'partitioned' || relation.partitionOf !== undefined)
    return `${table} is partitioned, and each index and key would have to be made in each partition; a new partitioned table, filled beside it, is the way`
  if (relation.children.length > 0) return 'a trigger does not come with a table to those that inherit from it'
  return columnOf(relation, shadow) === undefined ? undefined : `there is a column ${quoted(shadow)} already`
}

const integers = ['smallint', 'integer', 'bigint']

function columnRefusal(change: TypeChanging): string | undefined {
  const { judged, table, relation, column, wanted } = change
  const { before } = judged
  if (column.generated !== undefined) return 'a generated column cannot be written by a trigger'
  if (column.identity !== undefined && !integers.includes(wanted.type)) return 'an identity column is of a type of integers'
  const own = allTraits(before, relation).filter(({ of, name }) => of === 'column' && name === column.name)
  const views = own.filter(({ what, text }) => what === 'view' && before.relations.has(text)).map(({ text }) => `view ${text}`)
  const others = own.filter(({ what, text }) => what === 'stands-on' && !text.includes('~lk_')).map(({ text }) => text)
  const standing = [...views, ...others]
  if (standing.length > 0)
    return `the server refuses to change what others stand on (${standing.join(', ')}): drop it right before the change and make it again right after`
  if (own.some(({ what }) => what === 'foreign-grant'))
    return `another role than the owner of ${table} gave rights on the column, which cannot be given again in its name`
  const unread = statisticsOf(change).find(
    (name) => traitOf(before, relation, { of: 'statistics', name, what: 'definition' }) === undefined,
  )
  if (unread !== undefined) return `statistics ${unread} could not be read while ${table} was locked: plan again`
  return notNullRefusal(change)
}

function notNullRefusal({ relation, column }: TypeChanging): string | undefined {
  const open = relation.constraints.find(({ kind, columns }) => kind === 'not-null' && columns.includes(column.name))
  if (open?.valid === false) return `${quoted(open.name)} is NOT VALID: validate it first`
  return open?.definition.endsWith('NO INHERIT') === true ? `${quoted(open.name)} is not inherited` : undefined
}

function indexRefusal({ judged: { before }, relation, column }: TypeChanging): string | undefined {
  for (const index of relation.indexes.filter(({ mentions }) => mentions.includes(column.name))) {
    const name = quoted(index.name)
    if (!index.valid) return `index ${name} is INVALID: rebuild or drop it first`
    if (traitOf(before, relation, { of: 'index', name: index.name, what: 'tablespace' }) !== undefined)
      return `index ${name} stands in a tablespace of its own`
    const key = relation.constraints.find((constraint) => constraint.name === index.constraint)
    if (key !== undefined && (key.kind === 'exclude' || index.method !== 'btree'))
      return `the index of constraint ${name} cannot be built while rows are written`
    if (key?.definition.includes(' DEFERRABLE') === true)
      return `the key ${name} is deferrable, and a second index beside it would refuse duplicates at once`
  }
  return undefined
}

function keyRefusal(change: TypeChanging): string | undefined {
  const { judged, table, relation, column, wanted } = change
  const { before } = judged
  const own = relation.constraints.filter((constraint): constraint is ForeignKey => constraint.kind === 'foreign-key')
  const out = own
    .filter(({ columns }) => columns.includes(column.name))
    .map((key) => ({
      key,
      from: table,
      other: columnOf(before.relations.get(key.references), key.referencedColumns[key.columns.indexOf(column.name)] ?? ''),
    }))
  const into = foreignKeysTo(table, before)
    .filter(({ foreignKey }) => foreignKey.referencedColumns.includes(column.name))
    .map(({ from, foreignKey: key }) => ({
      key,
      from,
      other: columnOf(before.relations.get(from), key.columns[key.referencedColumns.indexOf(column.name)] ?? ''),
    }))
  for (const { key, from, other } of [...out, ...into]) {
    const child = before.relations.get(from)
    if (from === table && isOnBothSides(key, change)) return `foreign key ${quoted(key.name)} has the column on both sides`
    if (child?.kind === 'partitioned' || child?.partitionOf !== undefined)
      return `foreign key ${quoted(key.name)} belongs to ${from}, which is partitioned, and cannot be added there without a read under its lock`
    if (!areCompared(other, wanted))
      return `the server has no operator by which foreign key ${quoted(key.name)} could compare ${wanted.type} with ${other?.type ?? 'the other type'}`
  }
  return undefined
}

function isOnBothSides({ references, columns, referencedColumns }: ForeignKey, { table, column }: TypeChanging): boolean {
  return references === table && columns.includes(column.name) && referencedColumns.includes(column.name)
}

/** Types of one family of operators: those of integers, and those of text. */
function areCompared(one: Column | undefined, other: Column): boolean {
  const families = [integers, ['text', 'character varying']]
  const [a, b] = [shapeOfText(one?.type ?? '').base, shapeOfText(other.type).base]
  return a === b || families.some((family) => family.includes(a) && family.includes(b))
}

/** Types whose texts and casts depend on settings of the session. */
const fickle = /^(timestamp|time|date|interval|money|bytea|reg)/

/** Casts between them that depend on nothing, and those that `converted` ties to a zone. */
const steady: ReadonlySet<string> = new Set([
  'date>timestamp without time zone',
  'date>timestamp with time zone',
  'timestamp without time zone>date',
  'timestamp without time zone>time without time zone',
  'timestamp without time zone>timestamp with time zone',
  'timestamp with time zone>timestamp without time zone',
  'timestamp with time zone>date',
])

function valueRefusal({ judged: { before }, column, wanted, using }: TypeChanging): string | undefined {
  const [from, to] = [shapeOfText(column.type).base, shapeOfText(wanted.type).base]
  const depends = fickle.test(from) || fickle.test(to)
  if (using !== undefined) return usingRefusal(using, before, depends)
  if (from === to || !depends) return undefined
  if (!steady.has(`${from}>${to}`)) return onSettings
  return before.timeZone === 'unknown' ? 'the time zone of the session is not known: say USING ... AT TIME ZONE' : undefined
}

function usingRefusal(using: PgNode, before: Catalog, depends: boolean): string | undefined {
  const batches = whyNotInBatches(using, before, 'where')
  if (batches !== undefined) return batches
  const isClock = callsIn(using).some((call) => clock.has(nameOf(call)))
  if (isClock || nodesTagged<SQLValueFunction>('SQLValueFunction', using).length > 0) return 'its value is another one each time'
  const isCast = nodesTagged<TypeCast>('TypeCast', using).length > 0
  return depends && (isCast || callsIn(using).some((call) => varies(call, before))) ? onSettings : undefined
}

function varies(call: FuncCall, before: Catalog): boolean {
  if (pinned.has(nameOf(call))) return false
  return findFunction(textsOf(call.funcname), before)?.overloads.every(({ volatility }) => volatility === 'immutable') !== true
}

const onSettings =
  'its value depends on settings of the session that writes the row (TimeZone, DateStyle): write one that does not, such as USING c AT TIME ZONE'

const clock: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])

/** AT TIME ZONE, and to_timestamp of a number. */
const pinned: ReadonlySet<string> = new Set(['timezone', 'to_timestamp'])

function nameOf(call: FuncCall): string {
  return textsOf(call.funcname).at(-1) ?? ''
}

/** Triggers of the user's own, which a change of type would not fire. */
export function triggersFired({ triggers }: Relation): string {
  const own = triggers.filter((name) => !name.startsWith('~lk_'))
  return own.length === 0 ? '' : `; its triggers fire: ${own.map((name) => quoted(name)).join(', ')}`
}
