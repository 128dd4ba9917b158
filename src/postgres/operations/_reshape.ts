import type { Catalog, Column, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { valueFor, type UpDown } from '../../model/up-down.ts'
import { isSerial } from '../facts/add-column.ts'
import { relationKey } from '../names.ts'
import type { ConstrType, PgNode, RenameStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { addedTo, type Adding } from '../rewrites/_add-column.ts'
import { alterTarget, columnOf } from '../rewrites/_target.ts'
import type { Fill, Side, Sync } from './_sync-body.ts'

const { name: quoted } = postgresDialect

/** A column that the migration adds, with what it holds. */
export interface AddedColumn {
  /** Position of its statement. */
  readonly at: number
  readonly name: string
  readonly adding: Adding
  readonly required: boolean
  readonly value?: UpDown
}

/** A column that the migration drops, with what it holds until then. */
export interface DroppedColumn {
  readonly at: number
  readonly column: Column
  readonly cascades: boolean
  readonly value?: UpDown
}

/** All columns of a table that come and go in a migration and of which the user says what they hold: one column in two, two in one, or a new one. */
export interface Reshape {
  readonly table: string
  /** As the first of its statements finds it. */
  readonly relation: Relation
  readonly before: Catalog
  /** Position of that statement. */
  readonly at: number
  readonly added: readonly AddedColumn[]
  readonly dropped: readonly DroppedColumn[]
}

/** What the statement at this position is a part of; undefined where the user says nothing of its column. */
export function reshapeAt(judged: readonly Judged<PgNode>[], at: number): Reshape | undefined {
  const table = tableOf(judged[at])
  if (table === undefined || !judged.some(({ upDown }) => upDown !== undefined)) return undefined
  const [adds, drops] = [
    judged.flatMap((one, place) => addOf(one, place, table)),
    judged.flatMap((one, place) => dropOf(one, place, table)),
  ]
  const isRead = (name: string, by: readonly { readonly value?: UpDown }[]) => by.some(({ value }) => value?.reads.includes(name) === true)
  const added = adds.filter(({ name, value }) => value !== undefined || isRead(name, drops))
  const dropped = drops.filter(({ column, value }) => value !== undefined || isRead(column.name, adds))
  const places = [...added, ...dropped].map((one) => one.at)
  if (!places.includes(at)) return undefined
  const first = Math.min(...places)
  const before = judged[first]?.before
  const relation = before?.relations.get(table)
  return before === undefined || relation === undefined ? undefined : { table, relation, before, at: first, added, dropped }
}

function tableOf(judged: Judged<PgNode> | undefined): string | undefined {
  if (judged === undefined) return undefined
  return (alterTarget(judged, 'AT_AddColumn') ?? alterTarget(judged, 'AT_DropColumn'))?.key
}

function addOf(judged: Judged<PgNode>, at: number, table: string): readonly AddedColumn[] {
  const target = alterTarget(judged, 'AT_AddColumn')
  const adding = target?.key === table ? addedTo(target, judged) : undefined
  if (adding === undefined) return []
  const { colname: name } = adding.column
  const value = valueFor(judged.upDown, 'up', name)
  const required = adding.parts.qualifiers.some(({ constraint }) => constraint?.contype === 'CONSTR_NOTNULL')
  return [{ at, name, adding, required, ...(value !== undefined && { value }) }]
}

function dropOf(judged: Judged<PgNode>, at: number, table: string): readonly DroppedColumn[] {
  const target = alterTarget(judged, 'AT_DropColumn')
  const column = target?.key === table ? columnOf(target.relation, target.action.name ?? '') : undefined
  if (column === undefined) return []
  const value = valueFor(judged.upDown, 'down', column.name)
  return [{ at, column, cascades: target?.action.behavior === 'DROP_CASCADE', ...(value !== undefined && { value }) }]
}

/** Why these columns cannot be kept in step. */
export function whyNotReshape(reshape: Reshape, judged: readonly Judged<PgNode>[]): string | undefined {
  const { added, dropped, relation, table } = reshape
  const members = [...added, ...dropped]
  const reasons = [
    ...added.map((one) => whyNotAdded(one, reshape)),
    ...dropped.map((one) => whyNotDropped(one, reshape)),
    whyNoTriggers(
      relation,
      dropped.map(({ column }) => column.name),
    ),
    whyMoving([...added.map(({ name }) => name), ...members.flatMap(({ value }) => value?.reads ?? [])], table, {
      judged,
      but: members.map(({ at }) => at),
    }),
  ]
  return reasons.find((why) => why !== undefined)
}

/** What gives a column a value by itself, so that nobody can tell who wrote it. */
const filling: ReadonlyMap<ConstrType | undefined, string> = new Map([
  [
    'CONSTR_DEFAULT',
    'has a DEFAULT, by which an INSERT of the running application would look like one of the new: set it in a later migration',
  ],
  ['CONSTR_IDENTITY', 'is an identity column, which fills itself'],
  ['CONSTR_GENERATED', 'is generated, which fills itself'],
  ['CONSTR_PRIMARY', 'becomes the primary key: make it that in a later migration'],
])

function whyNotAdded({ name, adding, value }: AddedColumn, { relation }: Reshape): string | undefined {
  if (columnOf(relation, name) !== undefined) return `there is a column ${quoted(name)} already where the first of these statements stands`
  if (isSerial(adding.column)) return `${quoted(name)} is serial, which fills itself`
  const kinds = adding.parts.qualifiers.map(({ constraint }) => filling.get(constraint?.contype))
  const fills = kinds.find((why) => why !== undefined)
  if (fills !== undefined) return `${quoted(name)} ${fills}`
  const unknown = value?.reads.find((read) => columnOf(relation, read) === undefined)
  return unknown === undefined ? undefined : `${quoted(unknown)} is not there yet, or no more, where the first of these statements stands`
}

function whyNotDropped({ column, cascades, value }: DroppedColumn, { added, relation }: Reshape): string | undefined {
  if (cascades) return 'CASCADE takes with it what nobody has looked at'
  const unknown = value?.reads.find((read) => columnOf(relation, read) === undefined && !added.some(({ name }) => name === read))
  if (unknown !== undefined) return `${quoted(unknown)} is not there yet where the first of these statements stands`
  if (value === undefined) return whyUnfilled(column)
  if (column.generated !== undefined) return `${quoted(column.name)} is generated, and fills itself`
  if (value.byVersion === true) return undefined
  const isAlone = !value.reads.some((read) => added.some(({ name }) => name === read))
  const isFilled = column.default !== undefined || column.identity !== undefined
  return isAlone && isFilled ? `${quoted(column.name)} has a DEFAULT, which fills it: nothing is left to say` : undefined
}

/** Why the new application, which leaves the column out, could not insert. */
export function whyUnfilled(column: Column): string | undefined {
  const isFilled = column.nullable || column.default !== undefined || column.identity !== undefined || column.generated !== undefined
  if (isFilled) return undefined
  return `an INSERT of the new application leaves ${quoted(column.name)} out, and it is NOT NULL without a DEFAULT: say what it holds then in a comment above the statement (-- lockkeeper-down ${quoted(column.name)}: EXPRESSION), or give it a DEFAULT in an earlier migration`
}

/** Why no trigger can write these columns. */
export function whyNoTriggers(relation: Relation, columns: readonly string[]): string | undefined {
  const { kind, children, partitionOf, partitionBound, partitionKey } = relation
  if (kind === 'table' && (children.length > 0 || (partitionOf !== undefined && partitionBound === undefined)))
    return 'a trigger does not come with a table to those that inherit from it'
  const decides = kind === 'partitioned' && (partitionKey ?? [undefined]).some((key) => key === undefined || columns.includes(key))
  return decides ? 'a trigger cannot change a column that decides in which partition the row is' : undefined
}

interface Others {
  readonly judged: readonly Judged<PgNode>[]
  /** Positions of the statements that are looked after together. */
  readonly but: readonly number[]
}

/** Two triggers on one row know nothing of each other: the one that goes first would read what the other has yet to write. */
export function whyMoving(columns: readonly string[], table: string, { judged, but }: Others): string | undefined {
  const changed = judged.flatMap((one, at) => (but.includes(at) ? [] : changedBy(one, table)))
  const moving = columns.find((column) => changed.includes(column))
  return moving === undefined
    ? undefined
    : `another statement of the migration changes ${quoted(moving)} too: put it into a migration of its own`
}

/** Columns of the table that the statement renames, drops, gives another type, or has filled by a trigger. */
function changedBy(judged: Judged<PgNode>, table: string): readonly string[] {
  const { node } = judged.statement
  if ('RenameStmt' in node) return renamedIn(node.RenameStmt, judged.before, table)
  const kinds = judged.upDown === undefined ? changing : [...changing, ...filledSoon]
  const target = kinds.map((kind) => alterTarget(judged, kind)).find((found) => found !== undefined)
  return target?.key === table ? [target.action.name ?? '', ...(judged.upDown ?? []).map(({ column }) => column)] : []
}

const changing = ['AT_AlterColumnType', 'AT_DropColumn'] as const
/** By a trigger, where the user says with what. */
const filledSoon = ['AT_AddColumn', 'AT_SetNotNull', 'AT_AddConstraint'] as const

function renamedIn({ renameType, relation, subname = '' }: RenameStmt, before: Catalog, table: string): readonly string[] {
  return renameType === 'OBJECT_COLUMN' && relation !== undefined && relationKey(relation, before) === table ? [subname] : []
}

interface Kept {
  readonly syncs: readonly Sync[]
  readonly fills: readonly Fill[]
}

/** Columns that speak of each other are kept in step together; one that goes alone is only filled where the new application leaves it out. */
export function keptOf({ added, dropped }: Reshape): Kept {
  const groups = grouped(added, dropped)
  const syncs = groups.filter(({ added: own }) => own.length > 0).map(syncOf)
  const alone = groups.filter(({ added: own }) => own.length === 0).flatMap((group) => group.dropped)
  const fills = alone.flatMap(({ column, value }): readonly Fill[] =>
    value === undefined ? [] : [{ column: column.name, value: value.value, when: 'inserts' }],
  )
  return { syncs, fills }
}

type Group = Pick<Reshape, 'added' | 'dropped'>

function grouped(added: readonly AddedColumn[], dropped: readonly DroppedColumn[]): readonly Group[] {
  const singles: readonly Group[] = [
    ...added.map((one) => ({ added: [one], dropped: [] })),
    ...dropped.map((one) => ({ added: [], dropped: [one] })),
  ]
  return singles.reduce<readonly Group[]>((groups, single) => {
    const tied = groups.filter((group) => speaksOf(group, single) || speaksOf(single, group))
    const joined = [...tied, single]
    return [
      ...groups.filter((group) => !tied.includes(group)),
      { added: joined.flatMap((group) => group.added), dropped: joined.flatMap((group) => group.dropped) },
    ]
  }, [])
}

function speaksOf(one: Group, other: Group): boolean {
  const names = [...other.added.map(({ name }) => name), ...other.dropped.map(({ column }) => column.name)]
  return [...one.added, ...one.dropped].some(({ value }) => value?.reads.some((read) => names.includes(read)) === true)
}

function syncOf(group: Group): Sync {
  const side = (column: string, value: UpDown | undefined): Side => ({ column, ...(value !== undefined && { value: value.value }) })
  // Where nothing goes and nothing is required, either application may leave the new columns out.
  const isCounted = group.dropped.length > 0 || group.added.some(({ required }) => required)
  return {
    old: group.dropped.map(({ column, value }) => side(column.name, value)),
    new: group.added.map(({ name, value }) => side(name, value)),
    ...(!isCounted && { uncounted: true }),
  }
}
