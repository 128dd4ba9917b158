import { textsOf, type FuncCall, type PgNode, type TypeCast } from './node.ts'

/**
 * The name that the server derives from an expression, for an index column as for a SELECT's: FigureColname in parse_target.c.
 * Undefined where it finds none.
 */
export function figureColumnName(node: PgNode | undefined, version: number): string | undefined {
  return figure(node, version)?.name
}

/** A weak name gives way to the type's name in a cast. */
interface Figured {
  readonly name: string
  readonly strong: boolean
}

function figure(node: PgNode | undefined, version: number): Figured | undefined {
  if (node === undefined) return undefined
  if ('ColumnRef' in node) return strong(textsOf(node.ColumnRef.fields).at(-1))
  if ('FuncCall' in node) return strong(functionName(node.FuncCall, version))
  if ('TypeCast' in node) return figureCast(node.TypeCast, version)
  if ('CollateClause' in node) return figure(node.CollateClause.arg, version)
  if ('A_Indirection' in node) return strong(textsOf(node.A_Indirection.indirection).at(-1)) ?? figure(node.A_Indirection.arg, version)
  if ('CaseExpr' in node) return stronger(figure(node.CaseExpr.defresult, version), 'case')
  return strong(fixedName(node))
}

function fixedName(node: PgNode): string | undefined {
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? 'nullif' : undefined
  if ('CoalesceExpr' in node) return 'coalesce'
  if ('A_ArrayExpr' in node) return 'array'
  if ('RowExpr' in node) return 'row'
  if ('MinMaxExpr' in node) return node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest'
  if ('XmlSerialize' in node) return 'xmlserialize'
  return undefined
}

function figureCast(cast: TypeCast, version: number): Figured | undefined {
  return stronger(figure(cast.arg, version), textsOf(cast.typeName?.names).at(-1))
}

function stronger(found: Figured | undefined, weak: string | undefined): Figured | undefined {
  if (found?.strong === true || weak === undefined) return found
  return { name: weak, strong: false }
}

function strong(name: string | undefined): Figured | undefined {
  return name === undefined ? undefined : { name, strong: true }
}

// EXTRACT(...) calls extract since 14 and called date_part before.
function functionName(call: FuncCall, version: number): string | undefined {
  const name = textsOf(call.funcname).at(-1)
  return name === 'extract' && call.funcformat === 'COERCE_SQL_SYNTAX' && version < 14 ? 'date_part' : name
}
