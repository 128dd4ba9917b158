import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { placed } from '../../src/check/example.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import type { Examples, Hazard } from '../../src/model/hazard.ts'
import { emptyCatalog } from '../../src/postgres/empty-catalog.ts'
import { hazards } from '../../src/postgres/hazards/index.ts'
import { loadParser } from '../../src/postgres/parse.ts'
import { simulate } from '../../src/postgres/simulate.ts'
import { hazardsIn, judgeExample, readExample, settled } from '../support/hazard-examples.ts'

await loadParser()

/** A line of test/cases/hazards/union*.jsonl: one hazard that some linter or executor of migrations knows, by its number in our survey. */
interface Line extends Pick<Examples, 'server' | 'bytes'> {
  readonly row: number
  /** Scripts in the convention of the rules' examples. */
  readonly sql?: readonly string[]
  /** Each must speak on each script. */
  readonly rules?: readonly string[]
  /** No warning and no error: the harmless twin. */
  readonly silent?: true
  /** Why it is no hazard of ours. */
  readonly not?: string
}

const folder = new URL('../cases/hazards/', import.meta.url)
const lines = readdirSync(folder)
  .filter((file) => /^union.*\.jsonl$/.test(file))
  .flatMap((file) => readFileSync(new URL(file, folder), 'utf8').trim().split('\n'))
  .map((text): Line => JSON.parse(text) as Line)

/** Those of the survey that concern PostgreSQL. */
const rows = Array.from({ length: 103 }, (_, at) => at + 1)

/** Rows whose lines are still to be written. */
const owed = [
  9, 10, 12, 32, 35, 44, 49, 50, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 73, 74, 78, 79, 80, 91, 92, 93, 94, 95, 96, 97, 98, 101,
]
const alsoOwed = [102, 103]

test('every hazard of the survey has its line', () => {
  const named = new Set(lines.map(({ row }) => row))
  expect(rows.filter((row) => !named.has(row) && !owed.includes(row) && !alsoOwed.includes(row))).toEqual([])
  expect([...named].filter((row) => !rows.includes(row))).toEqual([])
})

test('no example stands twice, and each line says what it expects', () => {
  const examples = lines.flatMap(({ row, sql, server = '' }) => (sql ?? []).map((script) => `${row} ${server} ${script}`))
  expect(examples.filter((example, at) => examples.indexOf(example) !== at)).toEqual([])
  for (const { row, sql, rules, silent, not } of lines) {
    expect(
      [rules, silent, not].filter((said) => said !== undefined),
      `row ${row}`,
    ).toHaveLength(1)
    expect(sql === undefined, `row ${row}`).toBe(not !== undefined)
    for (const rule of rules ?? []) expect(hazards.map(({ id }) => id)).toContain(rule)
  }
})

const examplesOf = (chosen: readonly Line[]) => chosen.flatMap((line) => (line.sql ?? []).map((sql) => [line.row, sql, line] as const))

test.each(examplesOf(lines.filter(({ rules }) => rules !== undefined)))('row %d is told of: %s', (_row, sql, line) => {
  expect(judged(sql, line).map(({ rule }) => rule)).toEqual(expect.arrayContaining([...(line.rules ?? [])]))
})

test.each(examplesOf(lines.filter(({ silent }) => silent)))('row %d has a harmless twin: %s', (_row, sql, line) => {
  const found = judged(sql, line).filter(({ severity }) => severity !== 'info')
  expect(found.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([])
})

function judged(sql: string, line: Line): readonly Hazard[] {
  const example = readExample(sql)
  const empty: Catalog = {
    ...emptyCatalog({ flavor: 'postgresql', version: Number.parseInt(line.server ?? '18', 10) }, 'public'),
    knowledge: 'whole',
  }
  const before = settled(example.setup.reduce((catalog, statement) => simulate(statement, catalog), empty))
  const known = judgeExample(example, placed(before, line))
  return hazards.flatMap((rule) => hazardsIn(rule, known))
}
