import type { Catalog, Relation } from '../../model/catalog.ts'
import type { EachStep, SqlStep } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { postgresDialect } from '../quote.ts'
import { cleanup, sqlStep, type Draft } from './_step.ts'

const { name: quoted } = postgresDialect

/** A partitioned table with the leaves right below it. */
export interface Branch {
  readonly key: string
  /** The partitioned table above it. */
  readonly parent?: string
  readonly leaves: readonly string[]
}

/** A partitioned table and those below it, from the top down; none where it has no partitions. */
export function branchesOf(key: string, catalog: Catalog, parent?: string): readonly Branch[] {
  const children = catalog.relations.get(key)?.children ?? []
  const inner = children.filter((child) => catalog.relations.get(child)?.kind === 'partitioned')
  if (children.length === 0 && parent === undefined) return []
  const own = { key, ...(parent !== undefined && { parent }), leaves: children.filter((child) => !inner.includes(child)) }
  return [own, ...inner.flatMap((child) => branchesOf(child, catalog, key))]
}

/** The runner fills {leaf} and its like into the text: what is the user's own must not look like them. */
export function holdsPlaceholder(...texts: readonly string[]): boolean {
  return texts.some((text) => /\{(leaf|leafText|leafSchema|leafName|index|indexText)\}/.test(text))
}

export interface Writing {
  readonly before: Catalog
  readonly options: RewriteOptions
}

/** What a rewrite says of one part of a template. */
export type LeafPart = Omit<Draft, 'kind' | 'phase'>

/** One part of a template, with the facts of the branch's first leaf, whose name is then taken out again. */
export function leafStep(draft: LeafPart, { leaves: [leaf = ''] }: Branch, { before, options }: Writing): SqlStep {
  const fill = filling(leaf, before.relations.get(leaf))
  const step = sqlStep({ ...draft, kind: 'draft', phase: 'expand', sql: draft.sql.map(fill) }, before, options)
  return { ...step, sql: draft.sql, locks: step.locks.map((lock) => (lock.relation === leaf ? { ...lock, relation: '{leaf}' } : lock)) }
}

function filling(leaf: string, relation: Relation | undefined): (template: string) => string {
  const index = makeObjectName(relation?.name ?? '', '_lk', 'idx')
  return (template) =>
    template
      .replaceAll('{leafSchema}', () => quoted(relation?.schema ?? ''))
      .replaceAll('{leaf}', () => leaf)
      .replaceAll('{index}', () => quoted(index))
}

/** The template once for each leaf of the branch. `undo` takes back what holds the leaves' parts together. */
export function eachLeaf(
  words: { readonly id: string; readonly title: string; readonly undo: string },
  { key }: Branch,
  parts: Pick<EachStep, 'template' | 'index'>,
): EachStep {
  const { id, title, undo } = words
  return { kind: 'each', id, title, phase: 'expand', hazards: [], undo: cleanup(undo), over: 'leaves', relation: key, ...parts }
}
