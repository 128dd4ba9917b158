import type { Catalog } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import { textsOf, type ColumnDef, type Constraint, type PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { volatilityOf } from './expression.ts'
import { isPartitioned, isUnknown, withDescendants, withHeap } from './relations.ts'
import { callsIn, constantText } from '../tree.ts'
import { shapeOfNode } from './type-shape.ts'

export interface ColumnPlace {
  readonly key: string
  /** The table, and what inherits the column. */
  readonly tree: readonly string[]
  readonly catalog: Catalog
}

/** What ADD COLUMN does besides its own lock: rewrite, scan, builds, and the tables that it refers to. */
export function addColumn(definition: ColumnDef, place: ColumnPlace): Effect {
  const constraints = constraintsOf(definition)
  const heap = withHeap(place.tree, place.catalog)
  const creates = [`column ${place.key}.${postgresDialect.name(definition.colname ?? '')}`]
  return merge(
    { creates },
    writes(definition, heap, place.catalog),
    scansOf(definition, constraints, heap),
    buildsOf(constraints, heap),
    references(definition, heap, place.catalog),
  )
}

export function constraintsOf(definition: ColumnDef): readonly Constraint[] {
  return (definition.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
}

/** The DEFAULT of a column definition; undefined for none and for DEFAULT NULL, which the server drops. */
export function defaultOf(definition: ColumnDef): PgNode | undefined {
  const expression = constraintsOf(definition).find((constraint) => constraint.contype === 'CONSTR_DEFAULT')?.raw_expr
  return expression !== undefined && 'A_Const' in expression && expression.A_Const.isnull === true ? undefined : expression
}

export function isSerial(definition: ColumnDef): boolean {
  return /^(small|big)?serial[248]?$/.test(textsOf(definition.typeName?.names).join('.'))
}

function writes(definition: ColumnDef, heap: readonly string[], catalog: Catalog): Effect {
  const { base, array } = shapeOfNode(definition.typeName, catalog)
  const type = array ? undefined : catalog.types.get(base)
  const constrained = type?.kind === 'domain' && type.constrained
  if (constrained || isSerial(definition) || constraintsOf(definition).some(writesEachRow)) return rewrite(heap, catalog)
  const expression = defaultOf(definition)
  const { volatile, condition } = volatilityOf(expression, catalog)
  if (!volatile) return userTypeDoubt(base, catalog)
  const conditions = condition === undefined ? [] : [`rewritten ${condition}`]
  return merge(rewrite(heap, catalog), sequencesCalled(expression, catalog), { conditions })
}

function writesEachRow(constraint: Constraint): boolean {
  return constraint.contype === 'CONSTR_IDENTITY' || (constraint.contype === 'CONSTR_GENERATED' && constraint.generated_kind !== 'v')
}

/** The heap is written anew, and every index of it. */
export function rewrite(heap: readonly string[], catalog: Catalog): Effect {
  return { rewrites: heap, builds: heap.filter((key) => isUnknown(key, catalog) || (catalog.relations.get(key)?.indexes.length ?? 0) > 0) }
}

// A type that the catalog does not know may be a domain with a CHECK, and then every row is written.
function userTypeDoubt(base: string, catalog: Catalog): Effect {
  const unknown = catalog.knowledge === 'partial' && base.includes('.') && !catalog.types.has(base)
  return unknown ? { conditions: [`not rewritten unless ${base} is a domain with a constraint`] } : nothing
}

/** nextval() takes ROW EXCLUSIVE on its sequence. */
export function sequencesCalled(expression: unknown, catalog: Catalog): Effect {
  const names = callsIn(expression)
    .filter((call) => ['nextval', 'setval'].includes(textsOf(call.funcname).at(-1) ?? ''))
    .flatMap((call) => constantText(call.args?.[0]) ?? [])
  return locksOn(
    'ROW EXCLUSIVE',
    names.map((name) => relationKey(name.split('.').map(unquoted), catalog)),
  )
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
}

// NOT NULL without a default is checked row by row (and fails on the first), as is an inline CHECK.
function scansOf(definition: ColumnDef, constraints: readonly Constraint[], heap: readonly string[]): Effect {
  const notNull = constraints.some((constraint) => constraint.contype === 'CONSTR_NOTNULL' || constraint.contype === 'CONSTR_PRIMARY')
  const filled =
    isSerial(definition) ||
    defaultOf(definition) !== undefined ||
    constraints.some((constraint) => constraint.contype === 'CONSTR_IDENTITY')
  const checked = constraints.some((constraint) => constraint.contype === 'CONSTR_CHECK' && constraint.is_enforced === true)
  return (notNull && !filled) || checked ? { scans: heap } : nothing
}

function buildsOf(constraints: readonly Constraint[], heap: readonly string[]): Effect {
  return constraints.some((constraint) => constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY')
    ? { builds: heap }
    : nothing
}

// A new column without a default holds only NULLs, and the server takes its foreign key as valid without looking.
function references(definition: ColumnDef, heap: readonly string[], catalog: Catalog): Effect {
  const constraints = constraintsOf(definition)
  const filled =
    isSerial(definition) ||
    constraints.some(({ contype }) => contype === 'CONSTR_DEFAULT' || contype === 'CONSTR_GENERATED' || contype === 'CONSTR_IDENTITY')
  return merge(
    ...constraints
      .filter((constraint) => constraint.contype === 'CONSTR_FOREIGN')
      .map((constraint) => {
        const parents = constraint.pktable === undefined ? [] : withDescendants(relationKey(constraint.pktable, catalog), catalog)
        return merge(
          locksOn('SHARE ROW EXCLUSIVE', parents),
          filled && constraint.is_enforced !== false ? { scans: [...heap, ...withHeap(parents, catalog)] } : nothing,
        )
      }),
  )
}

/** True where partitions share the parent's fate: an identity column goes down the tree from 17 on. */
export function identityRecurses(key: string, catalog: Catalog): boolean {
  return catalog.server.version >= 17 && isPartitioned(key, catalog)
}
