import type { Catalog } from '../../model/catalog.ts'
import type { Step } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import { facts } from '../facts.ts'
import { parse } from '../parse.ts'
import { rewrites } from '../rewrites/index.ts'
import { writeSteps, type Draft } from '../rewrites/_step.ts'
import { worksUnderLock } from '../rewrites/_target.ts'
import { simulate } from '../simulate.ts'

export interface Safe {
  readonly steps: readonly Step[]
  /** The catalog behind them. */
  readonly after: Catalog
}

/**
 * Plain statements of ours as steps that block nobody: by the rewrites that take the user's own through the locks, or as they are where they only
 * change the catalog. Undefined where one would work under a strong lock.
 */
export function safely(drafts: readonly Omit<Draft, 'kind'>[], before: Catalog, options: RewriteOptions): Safe | undefined {
  let catalog = before
  const steps: Step[] = []
  for (const draft of drafts) {
    const [sql = ''] = draft.sql
    const made = stepsOf({ ...draft, kind: 'draft' }, sql, { catalog, options })
    if (made === undefined) return undefined
    steps.push(...made.steps)
    catalog = made.after
  }
  return { steps, after: catalog }
}

interface Place {
  readonly catalog: Catalog
  readonly options: RewriteOptions
}

function stepsOf(draft: Draft, sql: string, { catalog, options }: Place): Safe | undefined {
  const [statement] = parse(Buffer.from(sql, 'utf8'))
  if (statement === undefined) return undefined
  const judged = { statement, facts: facts(statement, catalog), before: catalog }
  const found = rewrites.flatMap((rewrite) => rewrite.match([judged], 0, options) ?? [])[0]
  if (found === undefined && worksUnderLock(judged)) return undefined
  return { steps: found?.steps ?? writeSteps([draft], catalog, options), after: simulate(statement, catalog) }
}
