import { afterAll, describe, expect, test } from 'vitest'
import { hazardsOf, panelOf } from '../../src/check/hazards.ts'
import { judge, type JudgedStatement } from '../../src/check/judge.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { HazardGroup } from '../../src/model/hazard.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { tableLock } from '../../src/postgres/lock-modes.ts'
import type { PgNode } from '../../src/postgres/node.ts'
import { loadParser, parse } from '../../src/postgres/parse.ts'
import { forms, formsFor, type Form } from '../support/lock-forms.ts'
import { catalogFor, firstRecordedOf, recordedOf, type Recorded } from '../support/recorded-matrix.ts'

// Needs no server: what servers did is written down in docs/lock-matrix.jsonl, and the catalog is simulated. Live servers are held
// against the same forms in lock-matrix.test.ts.
await loadParser()

const panel = panelOf(postgres, postgres.hazards)
const versions = [13, 14, 15, 16, 17, 18]

interface Cell {
  readonly form: Form
  readonly version: number
  readonly judged: JudgedStatement<PgNode>
}

const cells = versions.flatMap((version) => formsFor(version).map((form): Cell => ({ form, version, judged: judgedOn(form, version) })))

function judgedOn(form: Form, version: number): JudgedStatement<PgNode> {
  const [judged] = judge(postgres, parse(Buffer.from(form.sql)), { before: catalogFor(form, version) }).statements
  if (judged === undefined) throw new Error(`${form.id} holds no statement`)
  return judged
}

/** What is compared: one line for each cell of the matrix that differs. */
function differences({ form, version, judged: { facts } }: Cell, recorded: Omit<Recorded, 'builds'>): readonly string[] {
  const locks = facts.locks.map(({ relation, mode }) => `${relation} ${mode}`)
  const pairs = {
    locks: [locks, Object.entries(recorded.locks).map(([relation, mode]) => `${relation} ${mode}`)],
    rewrites: [facts.rewrites, recorded.rewrites],
    scans: [facts.scans, recorded.scans],
  }
  return Object.entries(pairs)
    .filter(([, [predicted = [], observed = []]]) => predicted.toSorted().join() !== observed.toSorted().join())
    .map(
      ([what, [predicted = [], observed = []]]) =>
        `${form.id} on ${version}, ${what}: predicted ${predicted.join()}, observed ${observed.join()}`,
    )
}

/** Why a prediction is left to differ. What the user reads of it says its condition, or it is about one who waits for nobody. */
const reasons: { readonly [form: string]: string } = {
  'add-col-default-user-volatile':
    'The server inlines the body of an SQL function; the catalog holds no bodies, so the worst is predicted.',
  'drop-statistics': 'The catalog holds no extended statistics, so their table is not known.',
  'do-block': 'A DO block is text in a string: it is observed, never predicted.',
  'vacuum': 'Its lock was gone before it could be seen.',
}

describe('the facts', () => {
  const compared = cells.flatMap((cell) => {
    const recorded = recordedOf(cell.form, cell.version)
    return recorded === undefined ? [] : [{ cell, found: differences(cell, recorded) }]
  })

  afterAll(() => {
    const wrong = compared.flatMap(({ found }) => found).length
    process.stderr.write(`facts: ${compared.length * 3 - wrong} of ${compared.length * 3} cells are what our servers did\n`)
  })

  test('are what our servers did in at least 99 % of the cells, and the reason of each other one is known', () => {
    const wrong = compared.flatMap(({ found }) => found)
    expect(compared.length).toBeGreaterThan(2_800)
    expect(wrong.length / (compared.length * 3)).toBeLessThan(0.01)
    expect(wrong.filter((line) => reasons[line.split(' ')[0] ?? ''] === undefined)).toEqual([])
  })

  test('have no reason to differ where they agree', () => {
    const differing = new Set(compared.filter(({ found }) => found.length > 0).map(({ cell }) => cell.form.id))
    expect(Object.keys(reasons).filter((id) => !differing.has(id))).toEqual([])
  })

  test('are what was measured before this project in at least 99 % of the cells', () => {
    const witnessed = cells.flatMap((cell) => {
      const recorded = firstRecordedOf(cell.form, cell.version)
      return recorded === undefined || unseen(cell) ? [] : [differences(cell, comparedWith(cell, recorded))]
    })
    expect(witnessed.length).toBeGreaterThan(1_500)
    expect(witnessed.flat().length / (witnessed.length * 3), witnessed.flat().join('\n')).toBeLessThan(0.01)
  })
})

/** The report on the first matrix names these as incomplete: they were sampled from outside, or ran on empty tables. */
function unseen({ form }: Cell): boolean {
  return form.transaction === false || ['vacuum', 'add-pk-partitioned'].includes(form.id)
}

/** What the two call differently: the statement's own new relations, sequences, composite types, and storage that is emptied, not rewritten. */
function comparedWith({ form, version, judged }: Cell, recorded: Omit<Recorded, 'builds'>): Omit<Recorded, 'builds'> {
  const catalog = catalogFor(form, version)
  const isTable = (key: string) => ['table', 'partitioned', 'materialized-view', 'view'].includes(catalog.relations.get(key)?.kind ?? '')
  const empty = ['p.inh', 'p.big_unlogged', 'p.ptd']
  const emptied = form.sql.startsWith('truncate')
  const unread = judged.facts.scans.filter((key) => empty.includes(key))
  const scans = emptied ? judged.facts.scans : [...recorded.scans.filter(isTable), ...unread]
  return {
    locks: Object.fromEntries(Object.entries(recorded.locks).filter(([key]) => isTable(key) || catalog.relations.has(key))),
    rewrites: emptied ? judged.facts.rewrites : recorded.rewrites.filter(isTable),
    scans: [...new Set(scans)],
  }
}

test('no rule has anything to say of a form that it is not asked about', () => {
  const parts = cells.flatMap(({ judged, form, version }) => judged.parts.map((part) => ({ part, name: `${form.id} on ${version}` })))
  const said = parts.flatMap(({ part, name }) => {
    const asked = panel(part.statement)
    const others = postgres.hazards.filter((rule) => !asked.includes(rule))
    return others.flatMap((rule) => rule.detect({ ...part, transaction: [part], at: 0 }).map(() => `${rule.id}: ${name}`))
  })
  expect(parts.length).toBeGreaterThan(2_800)
  expect(said).toEqual([])
})

describe('the verdicts', () => {
  const blocking: readonly HazardGroup[] = ['lock', 'rewrite', 'transaction']
  const groups = new Map(postgres.hazards.map(({ id, group }) => [id, group]))
  /** Statements of data lock rows, not tables: they have rules of their own. */
  const schemaChanges = cells.filter(({ judged }) => !/^(select|insert|update|delete|merge|copy|do)\b/i.test(judged.statement.sql))

  const tried = schemaChanges.flatMap((cell) => {
    const recorded = recordedOf(cell.form, cell.version)
    if (recorded === undefined) return []
    const errors = (hazardsOf(panel, [cell.judged], [0])[0] ?? []).filter(({ severity }) => severity === 'error')
    const alarm = errors.some(({ rule }) => blocking.includes(groups.get(rule) ?? 'operations'))
    const name = `${cell.form.id} on ${cell.version}`
    return [{ name, type: isTypeChange(cell.form), dangerous: isDangerous(cell, recorded), stopped: errors.length > 0, alarm }]
  })

  afterAll(() => {
    for (const type of [true, false]) {
      const of = tried.filter((one) => one.type === type)
      const found = of.filter(({ dangerous, stopped }) => dangerous && stopped).length
      const missed = of.filter(({ dangerous, stopped }) => dangerous && !stopped).length
      const alarms = of.filter(({ dangerous, alarm }) => !dangerous && alarm).length
      process.stderr.write(
        `${type ? 'type changes' : 'other statements'}: ${found} dangerous found, ${missed} missed, ${alarms} false alarms, ${of.length - found - missed - alarms} left alone\n`,
      )
    }
  })

  test('miss no statement that works through a table while others wait', () => {
    expect(tried.filter(({ dangerous, stopped }) => dangerous && !stopped).map(({ name }) => name)).toEqual([])
  })

  test('raise a false alarm on at most 2 % of the others', () => {
    const harmless = tried.filter(({ dangerous }) => !dangerous)
    const alarms = harmless.filter(({ alarm }) => alarm)
    expect(harmless.length).toBeGreaterThan(1_500)
    expect(alarms.length / harmless.length, alarms.map(({ name }) => name).join('\n')).toBeLessThanOrEqual(0.02)
  })

  test('cover the 64 type changes and far more than the 132 other statements that linters were measured on', () => {
    const ids = new Set(tried.map(({ name }) => name.split(' ')[0]))
    expect(forms.filter((form) => isTypeChange(form) && form.own !== true && ids.has(form.id))).toHaveLength(64)
    expect(forms.filter((form) => !isTypeChange(form) && ids.has(form.id)).length).toBeGreaterThan(300)
  })
})

function isTypeChange({ sql }: Form): boolean {
  return /\balter column \S+ (set data )?type\b/i.test(sql)
}

/** Someone waits while a table is read, built on or written anew. A materialised view has no writers of its own. */
function isDangerous({ form, version }: Cell, recorded: Recorded): boolean {
  const work = [...recorded.scans, ...recorded.rewrites, ...recorded.builds]
  const { relations } = catalogFor(form, version)
  const waits = Object.entries(recorded.locks).some(([relation, mode]) => {
    const lock: Facts['locks'][number] = tableLock(relation, mode)
    return relations.get(relation)?.kind === 'materialized-view' ? lock.blocksReads : lock.blocksWrites
  })
  return waits && work.length > 0
}
