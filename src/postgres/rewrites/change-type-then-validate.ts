import type { Constraint } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { typeChange } from '../facts/columns.ts'
import { indexesBuilt } from '../facts/type-change.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { validateDraft } from './_constraint.ts'
import { writeSteps, type Draft } from './_step.ts'
import { alterTarget, worksUnderLock, type Target } from './_target.ts'

const { name: quoted, literal } = postgresDialect

/**
 * Not where an index would be built anew: it could only be dropped before and built afterwards, and what queries do without it, or
 * who keeps its values unique meanwhile, is not ours to decide. Whoever writes these three statements gets them, each without a wait.
 */
export const changeTypeThenValidate: Rewrite<PgNode> = {
  id: 'change-type-then-validate',
  why: 'A change of type that leaves the stored values alone still tries each CHECK of the column on every row, under ACCESS EXCLUSIVE. Dropped and added again NOT VALID in the same transaction, the CHECK is never missing, and is validated with nobody waiting.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured on 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const target = current === undefined ? undefined : changed(current)
    if (current === undefined || target === undefined || whyNot(target, current) !== undefined) return undefined
    const checks = checksOf(target)
    const validate = checks.map(({ name }) => validateDraft(target.key, name, 'check'))
    return { takes: 1, steps: writeSteps([change(target, checks, current), ...validate], current.before, options), checks: [] }
  },
  whyNot(judged, at) {
    const current = judged[at]
    const target = current === undefined ? undefined : changed(current)
    return current === undefined || target === undefined ? undefined : whyNot(target, current)
  },
}

/** A change of type that works on a table without writing it anew. */
function changed(judged: Judged<PgNode>): Target | undefined {
  const target = alterTarget(judged, 'AT_AlterColumnType')
  return worksUnderLock(judged) && judged.facts.rewrites.length === 0 ? target : undefined
}

function whyNot({ key, relation, action }: Target, { before, facts }: Judged<PgNode>): string | undefined {
  const change = typeChange(action, relation, before)
  const built = change === undefined ? [] : indexesBuilt(relation, change, before)
  if (facts.builds.length > 0 || built.length > 0)
    return `index ${built.map(({ name }) => quoted(name)).join(', ')} is built anew, and until then its queries would have to do without it`
  if (relation.children.length > 0 || relation.partitionOf !== undefined)
    return `the checks of ${key} are shared with its ${relation.kind === 'partitioned' ? 'partitions' : 'children or its parent'}`
  return undefined
}

type Check = Extract<Constraint, { readonly kind: 'check' }>

/** In the order of their names, which is the order in which they are tried. */
function checksOf({ relation, action }: Target): readonly Check[] {
  return relation.constraints.filter(
    (constraint): constraint is Check => constraint.kind === 'check' && constraint.valid && constraint.columns.includes(action.name ?? ''),
  )
}

// The definition is the text from which the server itself would make it again.
function change({ key, action }: Target, checks: readonly Check[], { statement }: Judged<PgNode>): Draft {
  const column = `${key}.${quoted(action.name ?? '')}`
  const names = checks.map(({ name }) => quoted(name)).join(', ')
  return {
    kind: 'draft',
    id: `change-type-${action.name ?? ''}`,
    title: `change the type of ${column} and leave check ${names} for later (the table locked for an instant)`,
    phase: 'expand',
    sql: [
      ...checks.map(({ name }) => `ALTER TABLE ${key} DROP CONSTRAINT ${quoted(name)}`),
      statement.sql,
      ...checks.flatMap((check) => addAgain(key, check)),
    ],
    undo: { kind: 'forward-only', why: `the former type of ${column} is not kept` },
  }
}

function addAgain(table: string, { name, definition, comment }: Check): readonly string[] {
  const add = `ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${definition} NOT VALID`
  return comment === undefined ? [add] : [add, `COMMENT ON CONSTRAINT ${quoted(name)} ON ${table} IS ${literal(comment)}`]
}
