import { beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../model/catalog.ts'
import { postgres } from '../postgres/engine.ts'
import { hazardsOf, opinionsOn, panelOf, rulesOf } from './hazards.ts'
import { judge } from './judge.ts'

beforeAll(() => postgres.load())

const empty = (): Catalog => ({ ...postgres.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public'), knowledge: 'whole' })
const statementsOf = (sql: string) => postgres.parse(new TextEncoder().encode(sql))

/** A table that is there already, and what a file does to it, each statement in the transaction of its number. */
function found(setup: string, file: string, transactions: readonly number[]): readonly (readonly string[])[] {
  const { after } = judge(postgres, statementsOf(setup), { before: empty() })
  const old = { ...after, relations: new Map([...after.relations].map(([key, relation]) => [key, { ...relation, isNew: false }])) }
  const { statements } = judge(postgres, statementsOf(file), { before: old })
  return hazardsOf(panelOf(postgres, rulesOf(postgres, false)), statements, transactions).map((hazards) => hazards.map(({ rule }) => rule))
}

describe('the rules of style', () => {
  const file = 'create table n (id serial primary key, s varchar(10))'

  it('are left out unless they are asked for', () => {
    const groups = (style: boolean) => new Set(rulesOf(postgres, style).map(({ group }) => group))
    expect(groups(false)).not.toContain('style')
    expect(groups(true)).toContain('style')
  })

  it('have no say in a plan', () => {
    const { statements } = judge(postgres, statementsOf(file), { before: empty() })
    const [part] = statements.flatMap(({ parts }) => parts)
    if (part === undefined) throw new RangeError('no statement')
    const input = { ...part, transaction: [part], at: 0 }
    expect(rulesOf(postgres, true).flatMap((rule) => rule.detect(input)).length).toBeGreaterThan(opinionsOn(postgres, input).length)
    expect(opinionsOn(postgres, input).map(({ rule }) => rule)).not.toContain('prefer-text')
  })
})

describe('hazardsOf', () => {
  const setup = 'create table t (id bigint primary key, a int, b int); create index t_a on t (a)'
  const file = 'drop index concurrently t_a; create index concurrently t_ab on t (a, b)'

  it('shows a rule the earlier transactions of the migration', () => {
    expect(found(setup, file, [1, 2])[1]).toContain('index-replaced-in-gap')
    expect(found(setup, 'create index concurrently t_ab on t (a, b)', [1])[0]).not.toContain('index-replaced-in-gap')
  })

  it('shows it nothing that comes later', () => {
    const [first] = found(setup, 'create index concurrently t_ab on t (a, b); drop index concurrently t_a', [1, 2])
    expect(first).not.toContain('index-replaced-in-gap')
  })
})
