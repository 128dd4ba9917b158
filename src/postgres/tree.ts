import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import { relationKey } from './names.ts'
import { parse } from './parse.ts'
import { textsOf, type ColumnRef, type CommonTableExpr, type DefElem, type FuncCall, type PgNode, type RangeVar } from './node.ts'

/** The tags whose node has this body. */
type TagWith<Body, Node = PgNode> = Node extends unknown
  ? { [Tag in keyof Node & string]: Node[Tag] extends Body ? Tag : never }[keyof Node & string]
  : never

/** Every node below (and including) this one that carries the tag, in the order of the text. */
export function nodesTagged<Body>(tag: TagWith<Body>, tree: unknown): readonly Body[] {
  if (tree === null || typeof tree !== 'object') return []
  if (Array.isArray(tree)) return tree.flatMap((item) => nodesTagged<Body>(tag, item))
  return Object.entries(tree).flatMap(([key, value]) =>
    key === tag ? [value as Body, ...nodesTagged<Body>(tag, value)] : nodesTagged<Body>(tag, value),
  )
}

/** All functions called, by their name's parts. */
export const callsIn = (tree: unknown): readonly FuncCall[] => nodesTagged<FuncCall>('FuncCall', tree)

/** Names of columns mentioned: the last part of each reference. */
export function columnsIn(tree: unknown): readonly string[] {
  return nodesTagged<ColumnRef>('ColumnRef', tree).flatMap((reference) => textsOf(reference.fields).slice(-1))
}

/** Canonical names of the tables and views that a query reads; its own WITH names left out. */
export function relationsIn(query: unknown, catalog: Catalog): readonly string[] {
  const own = new Set(nodesTagged<CommonTableExpr>('CommonTableExpr', query).map((table) => table.ctename))
  const read = nodesTagged<RangeVar>('RangeVar', query).filter((range) => range.schemaname !== undefined || !own.has(range.relname ?? ''))
  return [...new Set(read.map((range) => relationKey(range, catalog)))]
}

/** An option of a list such as WITH (...): undefined where it is not given, true where it stands without a value. */
export function optionOf(options: readonly PgNode[] | undefined, name: string): string | number | boolean | undefined {
  const found = (options ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem] : [])).find((option) => option.defname === name)
  return found === undefined ? undefined : valueOf(found)
}

function valueOf({ arg }: DefElem): string | number | boolean {
  if (arg === undefined) return true
  // A bare word such as off comes as the name of a type.
  const [text] = nameParts(arg)
  if (text !== undefined) return !['off', 'false', 'no', '0'].includes(text.toLowerCase()) && text
  if ('Boolean' in arg) return arg.Boolean.boolval ?? false
  if ('Integer' in arg) return arg.Integer.ival ?? 0
  return true
}

/** Parts of a qualified name given as a List node, a TypeName or a String. */
export function nameParts(node: PgNode | undefined): readonly string[] {
  if (node === undefined) return []
  if ('List' in node) return textsOf(node.List.items)
  if ('TypeName' in node) return textsOf(node.TypeName.names)
  return textsOf([node])
}

/** The text of a constant string, through casts: `'public.s'::regclass`. */
export function constantText(node: PgNode | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return constantText(node.TypeCast.arg)
  return 'A_Const' in node ? node.A_Const.sval?.sval : undefined
}

/** The operands of AND at the top of a condition. */
export function conjunctsOf(condition: PgNode | undefined): readonly PgNode[] {
  if (condition === undefined) return []
  if ('BoolExpr' in condition && condition.BoolExpr.boolop === 'AND_EXPR') return (condition.BoolExpr.args ?? []).flatMap(conjunctsOf)
  return [condition]
}

/** The statements of the body of an SQL function; none where the server would refuse it. */
export function statementsIn(body: string): readonly PgNode[] {
  try {
    return parse(Buffer.from(body)).map(({ node }) => node)
  } catch (error) {
    if (error instanceof LockkeeperError) return []
    throw error
  }
}
