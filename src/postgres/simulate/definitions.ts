import type { Catalog } from '../../model/catalog.ts'
import { textsOf, type Constraint, type DefElem, type IndexElem, type PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { expressionText, type Source } from '../source.ts'

// Definitions as the server prints them (ruleutils.c), but for expressions, which keep the user's own words.

const names = (columns: readonly string[]) => columns.map((column) => postgresDialect.name(column)).join(', ')

/** A relation as regclass prints it: with its schema only where the search path does not find it. */
export function visibleName(key: string, catalog: Catalog): string {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return key
  const first = catalog.searchPath.find((schema) => catalog.relations.has(postgresDialect.name(schema, relation.name)))
  return first === relation.schema ? postgresDialect.name(relation.name) : key
}

export interface KeyShape {
  readonly columns: readonly string[]
  readonly including: readonly string[]
}

export function keyText(node: Constraint, { columns, including }: KeyShape): string {
  const kind = node.contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : node.nulls_not_distinct === true ? 'UNIQUE NULLS NOT DISTINCT' : 'UNIQUE'
  const overlaps = node.without_overlaps === true ? ' WITHOUT OVERLAPS' : ''
  const include = including.length > 0 ? ` INCLUDE (${names(including)})` : ''
  return `${kind} (${names(columns)}${overlaps})${include}${deferral(node)}`
}

export function checkText(expression: string, node: Constraint): string {
  const inherit = node.is_no_inherit === true ? ' NO INHERIT' : ''
  return `CHECK ((${expression}))${inherit}${unchecked(node)}`
}

export function notNullText(column: string, node: Constraint | undefined): string {
  const inherit = node?.is_no_inherit === true ? ' NO INHERIT' : ''
  return `NOT NULL ${postgresDialect.name(column)}${inherit}${node === undefined ? '' : unchecked(node)}`
}

export function foreignKeyText(
  node: Constraint,
  columns: readonly string[],
  to: { readonly table: string; readonly columns: readonly string[] },
): string {
  const [own, other] = [period(columns, node.fk_with_period), period(to.columns, node.pk_with_period)]
  const match = node.fk_matchtype === 'f' ? ' MATCH FULL' : ''
  const onlyColumns = textsOf(node.fk_del_set_cols)
  const set = onlyColumns.length > 0 ? ` (${names(onlyColumns)})` : ''
  const actions = action(' ON UPDATE ', node.fk_upd_action) + action(' ON DELETE ', node.fk_del_action) + set
  return `FOREIGN KEY (${own}) REFERENCES ${to.table}(${other})${match}${actions}${deferral(node)}${unchecked(node)}`
}

export function isValid(node: Constraint): boolean {
  return node.skip_validation !== true && isEnforced(node)
}

// The tree leaves false out: of a CHECK or foreign key that is enforced it says so.
function isEnforced({ contype, is_enforced }: Constraint): boolean {
  return is_enforced === true || (contype !== 'CONSTR_CHECK' && contype !== 'CONSTR_FOREIGN')
}

function period(columns: readonly string[], with_period: boolean | undefined): string {
  if (with_period !== true) return names(columns)
  return [...columns.slice(0, -1).map((column) => postgresDialect.name(column)), `PERIOD ${names(columns.slice(-1))}`].join(', ')
}

function action(words: string, letter: string | undefined): string {
  const what = letter === undefined ? undefined : actions[letter]
  return what === undefined ? '' : words + what
}

const actions: { readonly [letter: string]: string } = { r: 'RESTRICT', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' }

function deferral(node: Constraint): string {
  return (node.deferrable === true ? ' DEFERRABLE' : '') + (node.initdeferred === true ? ' INITIALLY DEFERRED' : '')
}

function unchecked(node: Constraint): string {
  if (!isEnforced(node)) return ' NOT ENFORCED'
  return node.skip_validation === true ? ' NOT VALID' : ''
}

export interface IndexShape {
  readonly name: string
  readonly unique: boolean
  readonly method: string
  readonly keys: string
  readonly including: readonly string[]
  readonly nullsNotDistinct: boolean
  readonly options: string
  readonly where: string | undefined
}

export function indexText(shape: IndexShape, key: string, catalog: Catalog): string {
  const only = catalog.relations.get(key)?.kind === 'partitioned' ? 'ONLY ' : ''
  const include = shape.including.length > 0 ? ` INCLUDE (${names(shape.including)})` : ''
  const nulls = shape.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''
  const where = shape.where === undefined ? '' : ` WHERE (${shape.where})`
  const start = `CREATE ${shape.unique ? 'UNIQUE ' : ''}INDEX ${postgresDialect.name(shape.name)}`
  return `${start} ON ${only}${key} USING ${shape.method} (${shape.keys})${include}${nulls}${shape.options}${where}`
}

export function indexKeyText(element: IndexElem, source: Source): string {
  const key = element.name === undefined ? expressionKey(element.expr, source) : postgresDialect.name(element.name)
  const collation = element.collation === undefined ? '' : ` COLLATE ${postgresDialect.name(...textsOf(element.collation))}`
  const operators = element.opclass === undefined ? '' : ` ${postgresDialect.name(...textsOf(element.opclass))}`
  return key + collation + operators + order(element)
}

// A function call stands without parentheses of its own.
function expressionKey(expression: PgNode | undefined, source: Source): string {
  const text = expressionText(source, expression) ?? ''
  return expression !== undefined && 'FuncCall' in expression ? text : `(${text})`
}

// NULLS FIRST is what DESC means anyway, and NULLS LAST what ASC means: the server leaves them out.
function order({ ordering, nulls_ordering: nulls }: IndexElem): string {
  if (ordering === 'SORTBY_DESC') return nulls === 'SORTBY_NULLS_LAST' ? ' DESC NULLS LAST' : ' DESC'
  return nulls === 'SORTBY_NULLS_FIRST' ? ' NULLS FIRST' : ''
}

/** ` WITH (fillfactor='70')` */
export function optionsText(options: readonly PgNode[] | undefined): string {
  const defined = (options ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem] : []))
  return defined.length === 0 ? '' : ` WITH (${defined.map(optionText).join(', ')})`
}

function optionText({ defname = '', arg }: DefElem): string {
  const value =
    arg === undefined
      ? 'true'
      : 'Integer' in arg
        ? String(arg.Integer.ival ?? 0)
        : 'Float' in arg
          ? arg.Float.fval
          : (textsOf([arg])[0] ?? 'true')
  return `${postgresDialect.name(defname)}=${postgresDialect.literal(value ?? '')}`
}
