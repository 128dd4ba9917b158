import type { Catalog, Column, Relation, Trait, TraitKind } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { clip, nameBytes } from '../../std/object-name.ts'
import { shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { alterTarget, columnOf, onlyAction } from '../rewrites/_target.ts'
import { simulate } from '../simulate.ts'
import { expressionText, sourceOf } from '../source.ts'

const { name: quoted, literal } = postgresDialect

/** ALTER COLUMN TYPE of an existing table, as what it leaves. */
export interface TypeChanging {
  readonly judged: Judged<PgNode>
  /** Canonical name. */
  readonly table: string
  readonly relation: Relation
  readonly column: Column
  /** The column as it is to be. */
  readonly wanted: Column
  /** Name of the second column, which takes the place of the first. */
  readonly shadow: string
  /** What the second column holds, over the row; assigned, as the server does it. */
  readonly value: string
  /** The user's own expression, where there is one. */
  readonly using?: PgNode
}

/** Undefined where the statement does not read, write or build while others wait. */
export function typeChanging(judged: Judged<PgNode> | undefined): TypeChanging | undefined {
  const target = judged === undefined ? undefined : alterTarget(judged, 'AT_AlterColumnType')
  if (judged === undefined || target === undefined || judged.facts.rewrites.length + judged.facts.builds.length === 0) return undefined
  const { key: table, relation, action } = target
  const column = columnOf(relation, action.name ?? '')
  const wanted = columnOf(simulate(judged.statement, judged.before).relations.get(table), action.name ?? '')
  if (column === undefined || wanted === undefined) return undefined
  const source = sourceOf(judged.statement)
  const using = usingOf(source.node)
  const value = using === undefined ? converted(column, wanted, judged.before.timeZone) : expressionText(source, using)
  if (value === undefined) return undefined
  const shadow = clip(`_lk_new_${column.name}`, nameBytes)
  return { judged, table, relation, column, wanted, shadow, value, ...(using !== undefined && { using }) }
}

function usingOf(node: PgNode): PgNode | undefined {
  const def = onlyAction(node)?.def
  return def !== undefined && 'ColumnDef' in def ? def.ColumnDef.raw_default : undefined
}

const zoned = 'timestamp with time zone'
const zoneless = 'timestamp without time zone'

/**
 * Plain assignment, which never cuts a value off as a cast would. Between times with and without a zone the zone is that of the migration's
 * session, and must not become that of whoever writes a row.
 */
function converted(column: Column, wanted: Column, zone: string): string {
  const [from, to, name] = [shapeOfText(column.type).base, shapeOfText(wanted.type).base, quoted(column.name)]
  const at = `AT TIME ZONE ${literal(zone)}`
  if ((from === zoneless && to === zoned) || (from === zoned && to === zoneless)) return `${name} ${at}`
  if (from === 'date' && to === zoned) return `${name}::timestamp ${at}`
  return from === zoned && to === 'date' ? `(${name} ${at})::date` : name
}

/** The text of a trait that an object has but once. */
export function traitOf(catalog: Catalog, relation: Relation | undefined, trait: Pick<Trait, 'of' | 'name' | 'what'>): string | undefined {
  return traitsOf(catalog, relation, trait)[0]
}

/** The texts of the traits of one kind. */
export function traitsOf(
  catalog: Catalog,
  relation: Relation | undefined,
  { of, name, what }: { readonly of: Trait['of']; readonly name: string; readonly what: TraitKind },
): readonly string[] {
  return allTraits(catalog, relation)
    .filter((trait) => trait.of === of && trait.name === name && trait.what === what)
    .map(({ text }) => text)
}

export function allTraits({ traits }: Catalog, relation: Relation | undefined): readonly Trait[] {
  return traits?.get(relation?.oid ?? 0) ?? []
}
