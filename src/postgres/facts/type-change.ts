import type { Catalog, Column, Index, Relation } from '../../model/catalog.ts'
import { textsOf, type PgNode } from '../node.ts'
import { shapeOfNode, shapeOfText, type TypeShape } from './type-shape.ts'

/** What ALTER COLUMN TYPE asks of one column. */
export interface TypeChange {
  readonly column: Column
  readonly to: TypeShape
  readonly using: PgNode | undefined
  /** The column will sort by another collation. */
  readonly recollates: boolean
}

/**
 * Whether a change of type writes the table anew: the rule of ATColumnChangeRequiresRewrite (tablecmds.c), held against 90
 * changes on 13 to 18 by test/postgres/lock-matrix.test.ts.
 */
export function changeRewrites({ column, to, using }: TypeChange, catalog: Catalog): boolean {
  const from = usingShape(using, column, catalog)
  return from === undefined || castWorks(from, to, catalog)
}

/** The type that USING arrives at without touching a value; undefined where it computes. */
function usingShape(using: PgNode | undefined, column: Column, catalog: Catalog): TypeShape | undefined {
  if (using === undefined) return shapeOfText(column.type)
  if ('ColumnRef' in using) return textsOf(using.ColumnRef.fields).at(-1) === column.name ? shapeOfText(column.type) : undefined
  if ('CollateClause' in using) return usingShape(using.CollateClause.arg, column, catalog)
  if (!('TypeCast' in using)) return undefined
  const inner = usingShape(using.TypeCast.arg, column, catalog)
  const to = shapeOfNode(using.TypeCast.typeName, catalog)
  return inner === undefined || castWorks(inner, to, catalog) ? undefined : to
}

/** True where the cast computes a new value, or checks the old one. */
function castWorks(from: TypeShape, to: TypeShape, catalog: Catalog): boolean {
  if (same(from, to)) return false
  const [source, target] = [withoutDomain(from, catalog), throughDomain(to, catalog)]
  if (isConstrained(to, catalog)) return true
  if (source.array || target.array) return source.array !== target.array || source.base !== target.base || !isWider(source, target)
  // An interval of some fields fits one of all.
  if (target.base === 'interval' && source.base.startsWith('interval ')) return !isWider(source, target)
  if (source.base === target.base) return !isWider(source, target)
  if (!isRelabel(source.base, target.base, catalog)) return true
  // The relabelled value has no limit any more, so that a limit on the new type is checked.
  return !isWider({ ...target, modifiers: [] }, target)
}

function same(a: TypeShape, b: TypeShape): boolean {
  return a.base === b.base && a.array === b.array && a.modifiers.join() === b.modifiers.join()
}

// A value of a domain is relabelled to the base type first, and the limit of that is forgotten.
function withoutDomain(shape: TypeShape, catalog: Catalog): TypeShape {
  const inner = throughDomain(shape, catalog)
  return inner === shape ? shape : { ...inner, modifiers: [] }
}

function throughDomain(shape: TypeShape, catalog: Catalog): TypeShape {
  const type = catalog.types.get(shape.base)
  if (type?.kind !== 'domain' || shape.array) return shape
  return throughDomain(shapeOfText(type.base), catalog)
}

function isConstrained(shape: TypeShape, catalog: Catalog): boolean {
  const type = catalog.types.get(shape.base)
  return type?.kind === 'domain' && (type.constrained || isConstrained(shapeOfText(type.base), catalog))
}

/** The server drops the length cast where the new limit lets all old values through (its planner support functions). */
function isWider(from: TypeShape, to: TypeShape): boolean {
  if (to.modifiers.length === 0 || from.modifiers.join() === to.modifiers.join()) return true
  return !from.array && isHigherLimit(from, to)
}

function isHigherLimit(from: TypeShape, to: TypeShape): boolean {
  const [was = Infinity, wasScale] = from.modifiers
  const [is = Infinity, isScale] = to.modifiers
  if (from.base === 'character varying' || from.base === 'bit varying') return was <= is
  if (from.base === 'numeric') return from.modifiers.length > 0 && wasScale === isScale && was <= is
  // Six digits are all that the server keeps of a second.
  return /^(time|timestamp|interval)/.test(from.base) && (is >= 6 || was <= is)
}

/** Casts that only change the label: pg_cast.castmethod 'b' for implicit and assignment casts, and time zones where they are UTC. */
function isRelabel(from: string, to: string, catalog: Catalog): boolean {
  if (relabels.has(`${from}>${to}`)) return true
  const zoned = new Set([from, to])
  if (zoned.has('timestamp without time zone') && zoned.has('timestamp with time zone')) return isUtc(catalog.timeZone)
  const citext = (name: string) => name.split('.').at(-1) === 'citext'
  return (
    (citext(from) && (to === 'text' || to === 'character varying')) || (citext(to) && (from === 'text' || from === 'character varying'))
  )
}

// The server asks whether the zone is at offset 0 all the time; these are the names under which tzdata has that.
function isUtc(zone: string): boolean {
  return /^((etc\/)?(utc|uct|gmt([+-]?0)?|zulu|universal|greenwich))$/i.test(zone)
}

const relabels: ReadonlySet<string> = new Set([
  'text>character varying',
  'text>character',
  'character varying>text',
  'character varying>character',
  'cidr>inet',
  'xml>text',
  'xml>character varying',
  'xml>character',
  'bit>bit varying',
  'bit varying>bit',
  'integer>oid',
  'oid>integer',
  'integer>regclass',
  'regclass>integer',
  'oid>regclass',
  'regclass>oid',
])

/** Indexes that a change without rewrite builds anew: CheckIndexCompatible (indexcmds.c) keeps only plain ones of the same operators. */
export function indexesBuilt(relation: Relation, { column, to, recollates }: TypeChange, catalog: Catalog): readonly Index[] {
  const from = throughDomain(shapeOfText(column.type), catalog)
  const sameOperators = operatorsOf(from) === operatorsOf(throughDomain(to, catalog)) && !recollates
  return relation.indexes.filter(
    (index) =>
      index.mentions.includes(column.name) &&
      (index.partial || index.columns.includes(undefined) || (!sameOperators && index.columns.includes(column.name))),
  )
}

function operatorsOf({ base, array }: TypeShape): string {
  const family = base === 'character varying' ? 'text' : base === 'cidr' ? 'inet' : base
  return array ? `${family}[]` : family
}
