import type { Observation } from '../check/pending.ts'
import { controlOf } from '../check/transactions.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Statement } from '../model/statement.ts'
import { isUnseen, refusalOf } from './refusal.ts'
import type { Sandbox } from './sandbox.ts'

export interface Observed {
  /** By position; undefined where the sandbox could not run it and that says nothing about the target. */
  readonly observations: readonly (Observation | undefined)[]
  /** Why a statement could not be run, in words. */
  readonly unseen: readonly string[]
  /** What is in the sandbox afterwards. */
  readonly after: Catalog
}

interface Place {
  readonly sandbox: Sandbox
  /** What is in the sandbox before the first statement. */
  readonly before: Catalog
}

/** Runs the statements of one migration on the sandbox, each in a transaction of its own, so that its locks are told apart. */
export async function observeAll(engine: Engine, statements: readonly Statement[], { sandbox, before }: Place): Promise<Observed> {
  const observations: (Observation | undefined)[] = []
  const unseen: string[] = []
  let catalog = before
  for (const statement of statements) {
    const seen = controlOf(statement) === undefined ? await observeOne(engine, statement, { sandbox, before: catalog }) : undefined
    observations.push(seen?.kind === 'unseen' ? undefined : seen)
    if (seen?.kind === 'unseen') unseen.push(seen.why)
    if (seen?.kind === 'facts') catalog = engine.simulate(statement, catalog)
  }
  return { observations, unseen, after: catalog }
}

type Seen = Observation | { readonly kind: 'unseen'; readonly why: string }

async function observeOne(engine: Engine, statement: Statement, { sandbox, before }: Place): Promise<Seen> {
  try {
    return { kind: 'facts', facts: await engine.observe(statement, sandbox.session, before) }
  } catch (error) {
    const refusal = refusalOf(error)
    await sandbox.session.script(['rollback'])
    if (isUnseen(refusal)) return { kind: 'unseen', why: refusal.message }
    return { kind: 'failed', message: `${sandbox.name} refuses it: ${refusal.message} (${refusal.sqlstate})` }
  }
}
