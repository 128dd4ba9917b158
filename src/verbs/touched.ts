import { createHash } from 'node:crypto'
import type { Catalog, Relation } from '../model/catalog.ts'
import type { PlannedMigration, Step } from '../model/plan.ts'

/**
 * sha256 in hex of the definitions of the existing relations that a plan names. Sizes and OIDs are left out: they change by
 * themselves. Where it differs later, the schema is no longer the one that was planned for.
 */
export function touchedHash(migrations: readonly PlannedMigration[], catalog: Catalog): string {
  const names = [...new Set(migrations.flatMap((migration) => migration.steps.flatMap(relationsOf)))].toSorted()
  const definitions = names.map((name) => [name, definitionOf(catalog.relations.get(name))])
  return createHash('sha256').update(JSON.stringify(definitions)).digest('hex')
}

function relationsOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'sql':
      return step.locks.map((lock) => lock.relation)
    case 'backfill':
      return step.work.kind === 'insert' ? [step.work.relation, step.work.target] : [step.work.relation]
    case 'code':
    case 'gate':
      return []
    case 'each':
      return [step.relation, ...step.template.flatMap(relationsOf)]
  }
}

function definitionOf(relation: Relation | undefined): unknown {
  if (relation === undefined) return null
  const { kind, columns, constraints, indexes, partitionOf, children, triggers } = relation
  return {
    kind,
    columns,
    constraints,
    indexes: indexes.map((index) => ({ ...index, oid: undefined, bytes: undefined })),
    partitionOf,
    children,
    triggers,
  }
}
