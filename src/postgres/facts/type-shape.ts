import type { Catalog } from '../../model/catalog.ts'
import { findType } from '../names.ts'
import { textsOf, type PgNode, type TypeName } from '../node.ts'

/** A type taken apart: what the cast rules look at. */
export interface TypeShape {
  /** As format_type prints it without modifiers: `character varying`, `public.mood`. */
  readonly base: string
  /** Numbers in parentheses; empty where there is no limit. */
  readonly modifiers: readonly number[]
  readonly array: boolean
}

/** The type of a column as format_type prints it, taken apart. */
export function shapeOfText(type: string): TypeShape {
  const array = type.endsWith('[]')
  const element = type.replace(/(\[\])+$/, '')
  const modifiers = /\(([\d,\s]*)\)/.exec(element)
  const base = modifiers === null ? element : element.replace(modifiers[0], '').replace(/ +/g, ' ')
  return {
    base: base.trim(),
    modifiers: (modifiers?.[1] ?? '')
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number),
    array,
  }
}

/** A type as the tree holds it, taken apart; user types by canonical name. */
export function shapeOfNode(type: TypeName | undefined, catalog: Catalog): TypeShape {
  const base = baseOf(textsOf(type?.names), catalog)
  const modifiers = (type?.typmods ?? []).map(numberOf).filter((number) => number !== undefined)
  return { base: withFields(base, modifiers[0]), modifiers: tidy(base, modifiers), array: (type?.arrayBounds?.length ?? 0) > 0 }
}

function baseOf(names: readonly string[], catalog: Catalog): string {
  const own = names[0] === 'pg_catalog' ? names.slice(1) : names
  const found = own === names ? findType(names, catalog)?.key : undefined
  return found ?? sqlNames[own.join('.')] ?? own.join('.')
}

function withFields(base: string, mask: number | undefined): string {
  return base === 'interval' && mask !== undefined && mask !== allFields ? `interval ${mask}` : base
}

/** INTERVAL_FULL_RANGE (timestamp.h): the mask of fields that interval(3) carries in front of its 3. */
const allFields = 32767

// numeric(10) means numeric(10,0).
function tidy(base: string, modifiers: readonly number[]): readonly number[] {
  if (base === 'interval') return modifiers.length > 1 ? modifiers.slice(1) : []
  return base === 'numeric' && modifiers.length === 1 ? [...modifiers, 0] : modifiers
}

function numberOf(node: PgNode): number | undefined {
  return 'A_Const' in node ? (node.A_Const.ival === undefined ? undefined : (node.A_Const.ival.ival ?? 0)) : undefined
}

/** pg_type.typname to what format_type prints, where they differ. */
const sqlNames: { readonly [internal: string]: string } = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'character',
  varchar: 'character varying',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
  varbit: 'bit varying',
}
