import type { AlterTableCmd, AlterTableType, ConstrType } from './node.ts'

/**
 * The server does not take the actions of an ALTER TABLE in the order of their text: it goes through them in passes, and takes those of
 * one pass in the order in which they stand. A lower number is an earlier pass.
 */
export function passOf({ subtype, def }: AlterTableCmd): number {
  if (subtype === 'AT_ColumnDefault') return passes.indexOf(def === undefined ? 'drop' : 'other-constraint')
  if (subtype === 'AT_AddConstraint') return passes.indexOf(def !== undefined && 'Constraint' in def ? passOfKind(def.Constraint) : 'misc')
  return passes.indexOf((subtype === undefined ? undefined : named[subtype]) ?? 'misc')
}

/** AT_PASS_* of tablecmds.c, 13 to 18 alike, without those in which the server makes anew what it dropped itself. */
const passes = ['drop', 'type', 'add-column', 'expression', 'attributes', 'index-constraint', 'index', 'other-constraint', 'misc'] as const

type Pass = (typeof passes)[number]

/** ATPrepCmd; what is not listed is done last. */
const named: { readonly [subtype in AlterTableType]?: Pass } = {
  AT_DropColumn: 'drop',
  AT_DropConstraint: 'drop',
  AT_DropNotNull: 'drop',
  AT_DropExpression: 'drop',
  AT_DropIdentity: 'drop',
  AT_AlterColumnType: 'type',
  AT_AddColumn: 'add-column',
  AT_SetExpression: 'expression',
  AT_SetNotNull: 'attributes',
  AT_AddIdentity: 'other-constraint',
}

/** ATParseTransformCmd: USING INDEX takes a constraint before those whose index is yet to be built. */
function passOfKind({ contype, indexname }: { readonly contype?: ConstrType; readonly indexname?: string }): Pass {
  if (contype === 'CONSTR_NOTNULL') return 'attributes'
  if (contype === undefined || !withIndex.has(contype)) return 'other-constraint'
  return indexname === undefined ? 'index' : 'index-constraint'
}

const withIndex: ReadonlySet<ConstrType> = new Set<ConstrType>(['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION'])
