import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Facts } from '../model/facts.ts'
import type { Judged } from '../model/hazard.ts'
import type { Statement } from '../model/statement.ts'

/** One statement of the file, with its actions (an ALTER TABLE has one for each) judged one after the other. */
export interface JudgedStatement<Node> {
  readonly statement: Statement<Node>
  /** Of the statement as a whole. */
  readonly facts: Facts
  readonly parts: readonly Judged<Node>[]
}

export type Predictor<Node> = Pick<Engine<Node>, 'facts' | 'simulate' | 'split'>

export interface Judgement<Node> {
  readonly statements: readonly JudgedStatement<Node>[]
  readonly after: Catalog
}

/** Chooses between the prediction and what a sandbox saw of the statement at this position. */
export type Choose = (at: number, predicted: Facts) => Facts

export interface Ground {
  /** What the first statement finds. */
  readonly before: Catalog
  /** Where it is absent, every verdict is a prediction. */
  readonly choose?: Choose | undefined
}

/** Judges a script on a catalog, each statement on what the earlier ones left. */
export function judge<Node>(
  engine: Predictor<Node>,
  script: readonly Statement<Node>[],
  { before, choose = predictedAlone }: Ground,
): Judgement<Node> {
  const statements: JudgedStatement<Node>[] = []
  let catalog = before
  for (const [at, statement] of script.entries()) {
    const facts = choose(at, engine.facts(statement, catalog))
    statements.push({ statement, facts, parts: partsOf(engine, { statement, facts, before: catalog }) })
    catalog = engine.simulate(statement, catalog)
  }
  return { statements, after: catalog }
}

function predictedAlone(_at: number, predicted: Facts): Facts {
  return predicted
}

function partsOf<Node>(engine: Predictor<Node>, whole: Judged<Node>): readonly Judged<Node>[] {
  const actions = engine.split(whole.statement)
  if (actions.length < 2) return [whole]
  let catalog = whole.before
  return actions.map((action) => {
    const judged = { statement: action, facts: engine.facts(action, catalog), before: catalog }
    catalog = engine.simulate(action, catalog)
    return judged
  })
}
