import { LockkeeperError } from '../model/errors.ts'
import type { EachStep, SqlStep } from '../model/plan.ts'
import type { Leaf } from '../model/session.ts'
import { makeObjectName } from '../std/object-name.ts'
import { fold } from './state.ts'
import { runSql } from './run-sql.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/**
 * Runs the template for every leaf partition, listed when it starts and listed again when it ends, until none came in
 * meanwhile (H6). Each leaf's steps are journaled by the leaf's OID; a leaf dropped meanwhile is done.
 */
export async function runEach(step: EachStep, context: StepContext): Promise<StepOutcome> {
  const finished = new Set<number>()
  for (let round = 0; round < maxRounds; round++) {
    const leaves = (await context.connections.work.leaves(step.relation)).filter((leaf) => !finished.has(leaf.oid))
    if (leaves.length === 0) return await recordDone(step, context)
    for (const leaf of leaves) {
      await runLeaf(step, leaf, context)
      finished.add(leaf.oid)
    }
  }
  throw new LockkeeperError('step-failed', `${step.relation}: new partitions keep appearing faster than ${step.title} is done`, {
    details: { step: step.id },
  })
}

const maxRounds = 100

/** What takes the begun leaves back, last first. */
export async function undoEach(step: EachStep, context: StepContext): Promise<readonly string[]> {
  const begun = fold(await journalOf(context).read(context.options.plan.project)).get(context.migration)?.steps
  const undo: string[] = []
  for (const leaf of await context.connections.work.leaves(step.relation)) {
    const index = await freeName(step, leaf, context)
    const parts = step.template
      .map((template) => forLeaf(template, { step, leaf, index, context }))
      .filter((part) => begun?.has(part.id) === true)
    undo.push(...parts.toReversed().flatMap((part) => (part.undo.kind === 'cleanup' ? part.undo.sql : [])))
  }
  return undo
}

async function recordDone(step: EachStep, context: StepContext): Promise<StepOutcome> {
  await journalOf(context).record(context.options.plan.project, {
    type: 'step-done',
    migration: context.migration,
    step: step.id,
    ms: 0,
    attempts: 0,
  })
  return { attempts: 0 }
}

async function runLeaf(step: EachStep, leaf: Leaf, context: StepContext): Promise<void> {
  const { plan } = context.options
  const done = fold(await journalOf(context).read(plan.project)).get(context.migration)?.steps
  const index = await freeName(step, leaf, context)
  for (const template of step.template) {
    const part = forLeaf(template, { step, leaf, index, context })
    if (done?.get(part.id) === 'done') continue
    await journalOf(context).record(plan.project, { type: 'step-started', migration: context.migration, step: part.id })
    await runSql(part, context).catch((error: unknown) => ignoreDropped(error, leaf, { step, context }))
  }
}

async function ignoreDropped(error: unknown, leaf: Leaf, { step, context }: Pick<Filling, 'step' | 'context'>): Promise<void> {
  const leaves = await context.connections.control.leaves(step.relation)
  if (leaves.some((other) => other.oid === leaf.oid)) throw error
}

async function freeName(step: EachStep, leaf: Leaf, context: StepContext): Promise<string> {
  if (step.index === undefined) return ''
  const { addition, label } = step.index
  const candidates = Array.from({ length: 20 }, (_, n) => makeObjectName(leaf.name, addition, n === 0 ? label : `${label}${n}`))
  const taken = await context.connections.work.namesTaken(leaf, candidates)
  const free = candidates.find((name) => !taken.includes(name))
  if (free === undefined)
    throw new LockkeeperError(
      'step-failed',
      `no free name for the index on ${leaf.name}: ${candidates[0]} to ${candidates.at(-1)} are taken`,
    )
  return free
}

interface Filling {
  readonly step: EachStep
  readonly leaf: Leaf
  readonly index: string
  readonly context: StepContext
}

function forLeaf(template: SqlStep, { step, leaf, index, context }: Filling): SqlStep {
  const { name, literal } = context.options.engine.dialect
  const values: { readonly [key: string]: string } = {
    leaf: name(leaf.schema, leaf.name),
    leafText: literal(name(leaf.schema, leaf.name)),
    leafSchema: name(leaf.schema),
    leafName: name(leaf.name),
    index: name(index),
    indexText: literal(name(leaf.schema, index)),
  }
  // One pass, so that a leaf called "{index}" stays what it is.
  const fill = (text: string): string =>
    text.replace(/\{(leaf|leafText|leafSchema|leafName|index|indexText)\}/g, (_, key: string) => values[key] ?? '')
  return {
    ...template,
    id: `${step.id}/${leaf.oid}/${template.id}`,
    title: fill(template.title),
    sql: template.sql.map(fill),
    locks: template.locks.map((lock) => ({ ...lock, relation: fill(lock.relation) })),
    ...(template.undo.kind === 'cleanup' ? { undo: { kind: 'cleanup', sql: template.undo.sql.map(fill) } } : {}),
    ...(template.probe === undefined ? {} : { probe: { sql: fill(template.probe.sql), cleanup: template.probe.cleanup.map(fill) } }),
  }
}
