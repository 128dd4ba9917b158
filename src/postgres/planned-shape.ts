import * as v from 'valibot'
import { lockModes } from '../model/facts.ts'

const text = v.string()
const texts = v.array(text)
const ms = v.pipe(v.number(), v.finite(), v.minValue(0))
const hazard = v.looseObject({
  rule: text,
  severity: v.picklist(['info', 'warning', 'error']),
  message: text,
  fix: text,
  breaksOldApp: v.boolean(),
})
const undo = v.variant('kind', [
  v.looseObject({ kind: v.literal('free') }),
  v.looseObject({ kind: v.literal('cleanup'), sql: texts }),
  v.looseObject({ kind: v.literal('forward-only'), why: text }),
])
const base = {
  id: text,
  title: text,
  phase: v.picklist(['expand', 'backfill', 'cut-over', 'contract']),
  hazards: v.array(hazard),
  undo,
}
const sqlStep = v.looseObject({
  ...base,
  kind: v.literal('sql'),
  sql: texts,
  session: texts,
  transaction: v.boolean(),
  locks: v.array(v.looseObject({ relation: text, mode: v.picklist(lockModes), blocksReads: v.boolean(), blocksWrites: v.boolean() })),
  lockTimeoutMs: ms,
  statementTimeoutMs: ms,
  waitsForSnapshots: v.boolean(),
  probe: v.exactOptional(v.looseObject({ sql: text, cleanup: texts })),
})
export const workShape = v.variant('kind', [
  v.looseObject({
    kind: v.literal('update'),
    relation: text,
    set: text,
    where: text,
    falsifies: v.boolean(),
    inStep: v.exactOptional(v.literal(true)),
  }),
  v.looseObject({ kind: v.literal('delete'), relation: text, where: text, falsifies: v.literal(true) }),
  v.looseObject({
    kind: v.literal('insert'),
    relation: text,
    target: text,
    into: text,
    select: text,
    where: text,
    conflict: text,
    falsifies: v.literal(false),
  }),
  v.looseObject({
    kind: v.literal('code'),
    relation: text,
    where: text,
    falsifies: v.boolean(),
    module: text,
    export: text,
    hash: text,
  }),
])
export const walkShape = v.variant('by', [
  v.looseObject({ by: v.literal('key'), columns: texts, types: texts, descending: v.exactOptional(v.boolean()) }),
  v.looseObject({ by: v.literal('pages') }),
])
const gate = v.variant('kind', [
  v.looseObject({
    kind: v.picklist(['backfilled', 'in-step', 'nothing-depends']),
    relation: text,
    title: text,
    sql: text,
    failure: text,
    hint: text,
  }),
  v.looseObject({
    kind: v.literal('unused'),
    relation: text,
    title: text,
    what: text,
    // Without a name statements tell nothing, and are not asked.
    names: texts,
    counter: v.exactOptional(text),
    views: texts,
  }),
])
const step = v.variant('kind', [
  sqlStep,
  v.looseObject({ ...base, kind: v.literal('backfill'), work: workShape, walk: walkShape, batchTargetMs: ms }),
  v.looseObject({
    ...base,
    kind: v.literal('each'),
    over: v.literal('leaves'),
    relation: text,
    template: v.array(sqlStep),
    index: v.exactOptional(v.looseObject({ addition: v.exactOptional(text), label: text })),
  }),
  v.looseObject({
    ...base,
    kind: v.literal('gate'),
    gates: v.array(gate),
    doubled: v.array(v.looseObject({ relation: text, columns: v.exactOptional(texts) })),
  }),
  v.looseObject({ ...base, kind: v.literal('code'), call: text, lockTimeoutMs: ms, statementTimeoutMs: ms }),
])
const check = v.looseObject({ id: text, title: text, sql: text, failure: text, hint: text, before: v.picklist(['run', 'migration']) })
/** What a planned migration must hold to be shown and run, wherever it was kept meanwhile: in a plan file, or in the journal. */
export const plannedShape = v.looseObject({
  id: text,
  source: text,
  file: text,
  checksum: text,
  checks: v.array(check),
  steps: v.array(step),
  blocked: v.array(hazard),
})
