import type { Catalog, Relation } from '../../model/catalog.ts'
import type { DataCheck } from '../../model/plan.ts'
import { clip, nameBytes } from '../../std/object-name.ts'
import { postgresDialect } from '../quote.ts'
import { checksAt, violationCheck, type CheckPlace } from './_checks.ts'
import { validateDraft } from './_constraint.ts'
import { cleanup, type Draft } from './_step.ts'

const { name: quoted } = postgresDialect

/** A name of our own that nothing has yet, for a constraint that lives as long as the plan: `_lk_note_not_null`. */
export function helperName(base: string, label: string, catalog: Catalog): string {
  const taken = new Set([...catalog.relations.values()].flatMap(({ name, constraints }) => [name, ...constraints.map((each) => each.name)]))
  for (let pass = 0; ; pass += 1) {
    const ending = pass === 0 ? label : `${label}${pass}`
    const name = `${clip(`_lk_${base}`, nameBytes - ending.length)}${ending}`
    if (!taken.has(name)) return name
  }
}

/** A CHECK that only proves something to the server: refuses new rows in an instant, reads the old ones with nobody waiting. */
export function provingDrafts(table: string, name: string, condition: string): readonly [Draft, Draft] {
  const check: Draft = {
    kind: 'draft',
    id: `refuse-rows-${name}`,
    title: `refuse rows of ${table} that do not meet ${condition} (the table locked for an instant)`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} CHECK (${condition}) NOT VALID`],
    undo: cleanup(`ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`),
  }
  return [check, validateDraft(table, name, 'the helper check')]
}

/** A CHECK that spares the server the read of a table. */
export interface Proof {
  readonly table: string
  readonly relation: Relation
  readonly name: string
  readonly condition: string
}

export function proofOf(table: string, condition: string, catalog: Catalog): readonly Proof[] {
  const relation = catalog.relations.get(table)
  return relation === undefined ? [] : [{ table, relation, name: helperName(relation.name, '_bound', catalog), condition }]
}

/** Rows that the CHECK would refuse, looked for beforehand. */
export function proofCheck({ table, relation, condition }: Proof, place: Omit<CheckPlace, 'reads'>): readonly DataCheck[] {
  const columns = relation.columns.map(({ name }) => name)
  return checksAt({ ...place, reads: [{ relation: table, columns }] }, violationCheck(table, relation, condition))
}

export function dropProof({ table, name }: Proof): string {
  return `ALTER TABLE ${table} DROP CONSTRAINT ${quoted(name)}`
}
