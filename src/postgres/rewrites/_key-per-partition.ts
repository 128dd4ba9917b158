import type { Catalog, Relation } from '../../model/catalog.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { withDescendants } from '../facts/relations.ts'
import { textsOf, type Constraint } from '../node.ts'
import { choosePrimaryKeyName, chooseUniqueName, keyNameParts } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { textOfTokens, wordAt, type Source } from '../source.ts'
import { constraintName, deferText, meansTheSame } from './_constraint.ts'
import { constraintIndexPlan, createIndexSql, indexNamed, indexProbe, type IndexPlan } from './_index.ts'
import { branchesOf, holdsPlaceholder, type LeafPart } from './_partitions.ts'
import { cleanup, free } from './_step.ts'
import type { Target } from './_target.ts'

const { name: quoted, literal } = postgresDialect

interface WantedKey {
  readonly target: Target
  readonly constraint: Constraint
}

/** A UNIQUE or PRIMARY KEY of a partitioned table, and what its parts are called. */
export interface KeyPlan extends IndexPlan {
  readonly constraint: Constraint
  readonly kind: 'UNIQUE' | 'PRIMARY KEY'
  /** What follows the constraint's name, in the user's own bytes. */
  readonly body: string
  /** The constraint, and so its index, of each partitioned table of the tree. */
  readonly names: ReadonlyMap<string, string>
  readonly leafName: ReturnType<typeof keyNameParts>
}

/** Undefined where the text cannot be cut with certainty. */
export function keyPlan(source: Source, { target, constraint }: WantedKey, catalog: Catalog): KeyPlan | undefined {
  const { key: table, relation } = target
  const name = constraintName(constraint, { catalog, relation })
  const index = constraintIndexPlan(source, constraint, { table, relation, name })
  const kind = constraint.contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : 'UNIQUE'
  const body = textOfTokens(source, wordAt(source, kind === 'UNIQUE' ? 'unique' : 'primary') ?? 0)
  const names = namesOf({ target, constraint }, name, catalog)
  if (index === undefined || !meansTheSame(`ALTER TABLE ONLY ${table} ADD CONSTRAINT ${quoted(name)} ${body}`, constraint)) return undefined
  if (holdsPlaceholder(index.rest, ...names.keys(), ...names.values())) return undefined
  return { ...index, constraint, kind, body, names, leafName: keyNameParts(constraint) }
}

function namesOf({ target, constraint }: WantedKey, name: string, catalog: Catalog): ReadonlyMap<string, string> {
  const names = new Map([[target.key, name]])
  for (const { key } of branchesOf(target.key, catalog).slice(1)) {
    const relation = catalog.relations.get(key)
    const scope = relation === undefined ? undefined : { catalog, relation, taken: [...names.values()] }
    if (scope !== undefined) names.set(key, nameBelow(scope, constraint))
  }
  return names
}

function nameBelow(scope: Parameters<typeof chooseUniqueName>[0], constraint: Constraint): string {
  if (constraint.contype === 'CONSTR_PRIMARY') return choosePrimaryKeyName(scope)
  return chooseUniqueName(scope, [...textsOf(constraint.keys), ...textsOf(constraint.including)])
}

/** What stands in the way: the server would take over what a partition has already, and that is not done in steps. */
export function obstacleTo({ target, constraint }: WantedKey, catalog: Catalog): string | undefined {
  const name = constraintName(constraint, { catalog, relation: target.relation })
  if (constraint.contype === 'CONSTR_PRIMARY' && catalog.server.version >= 18) return ownNotNull
  if (indexNamed(target.relation, name, catalog) !== undefined) return `there is an index or table ${quoted(name)} already`
  const parts = keyNameParts(constraint)
  for (const key of withDescendants(target.key, catalog).slice(1)) {
    const relation = catalog.relations.get(key)
    if (relation === undefined) continue
    const leafName = makeObjectName(relation.name, parts.addition, parts.label)
    if (relation.indexes.some((index) => index.name === leafName)) return `partition ${key} has an index ${quoted(leafName)} already`
    const own = ownKey(relation, constraint)
    if (own !== undefined) return `partition ${key} has a key ${quoted(own)} of its own, which the server would take over; drop it first`
  }
  return undefined
}

// Measured on 18: conislocal of an inherited NOT NULL becomes true with ADD PRIMARY KEY USING INDEX, and nothing makes it false again.
const ownNotNull =
  'from 18 on a partition whose index becomes its PRIMARY KEY keeps its NOT NULL for itself, also when the parent gives it up: that is not the schema that the migration asks for'

function ownKey(relation: Relation, wanted: Constraint): string | undefined {
  const columns = textsOf(wanted.keys).join('\n')
  return relation.constraints.find(
    ({ kind, name, columns: own }) =>
      (wanted.contype === 'CONSTR_PRIMARY' ? kind === 'primary-key' : kind === 'unique' && own.join('\n') === columns) &&
      relation.indexes.find(({ constraint }) => constraint === name)?.parent === undefined,
  )?.name
}

const leafIndex = '{leafSchema}.{index}'

/** What one partition goes through: an index built concurrently, made its constraint, attached to the parent's. */
export function keyParts(
  plan: KeyPlan,
  { parent, dropParent }: { readonly parent: string; readonly dropParent: string },
): readonly LeafPart[] {
  const drop = `DROP INDEX CONCURRENTLY IF EXISTS ${leafIndex}`
  const built = indexProbe(plan, { index: '{indexText}', table: '{leafText}' })
  return [
    {
      id: 'build-index',
      title: 'build the unique index of {leaf} without blocking writes',
      sql: [createIndexSql(plan, { concurrently: true, name: '{index}', table: '{leaf}' })],
      // What is attached goes with the parent's and cannot go alone: so the parent's is dropped before one of a leaf is.
      undo: cleanup(dropParent, drop),
      probe: { sql: attachedOr(parent, `(${built})`), cleanup: [drop] },
    },
    {
      id: 'attach-constraint',
      title: `make it the ${plan.kind} of {leaf}, attached to that of its parent (the partition locked for an instant)`,
      sql: [
        `ALTER TABLE {leaf} ADD CONSTRAINT {index} ${plan.kind} USING INDEX {index}${deferText(plan.constraint)}`,
        `ALTER INDEX ${parent} ATTACH PARTITION ${leafIndex}`,
      ],
      undo: free,
      probe: { sql: attachedOr(parent, `'absent'`), cleanup: [] },
    },
  ]
}

// A partition that is made while this runs comes with its key.
function attachedOr(parent: string, state: string): string {
  return `
SELECT CASE WHEN EXISTS (
  SELECT FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_index i ON i.indexrelid = h.inhrelid
  WHERE h.inhparent = pg_catalog.to_regclass(${literal(parent)}) AND i.indrelid = pg_catalog.to_regclass({leafText})
) THEN 'done' ELSE ${state} END AS state`.trim()
}
