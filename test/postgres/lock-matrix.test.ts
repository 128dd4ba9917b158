import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import type { Facts } from '../../src/model/facts.ts'
import { loadParser } from '../../src/postgres/parse.ts'
import { comparable, forms, formsFor, type Form, type Probed } from '../support/lock-forms.ts'
import { forEachVersion, serverFor } from '../support/postgres.ts'
import { probeForms } from '../support/probe-forms.ts'

await loadParser()

/** Forms on which the prediction differs from what the server does, and why it is left so. `condition` tells the user. */
const knownDifferences: ReadonlyMap<string, string> = new Map([
  [
    'add-col-default-user-volatile',
    'The server inlines the body of an SQL function and then sees no volatile call; the catalog does not hold bodies, so the worst is predicted.',
  ],
  ['drop-statistics', 'The catalog does not hold extended statistics, so the table that they belong to is not known.'],
  ['do-block', 'What a DO block runs is text in a string: it is observed, never predicted.'],
])

test('few differences are known, each by the id of a form', () => {
  expect(knownDifferences.size / forms.length).toBeLessThan(0.01)
  expect([...knownDifferences.keys()].filter((id) => !forms.some((form) => form.id === id))).toEqual([])
})

forEachVersion('facts', (version) => {
  let probed: ReadonlyMap<string, Probed>
  beforeAll(async () => {
    const server = await serverFor(version)
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    probed = await probeForms({ version, databaseUrl: (name) => server.databaseUrl(name), admin: (sql) => client.query(sql) })
    await client.end()
  }, 600_000)

  const plain = formsFor(version).filter(({ id, transaction }) => transaction !== false && !knownDifferences.has(id))
  test.each(plain.map((form) => [form.id, form] as const))('%s: the server does what was predicted', (_, form) => {
    const { predicted, observed } = resultOf(form)
    expect(comparable(predicted), form.sql).toEqual(comparable(observed))
  })

  const alone = formsFor(version).filter(({ transaction }) => transaction === false)
  test.each(alone.map((form) => [form.id, form] as const))('%s: no lock was seen that was not predicted', (_, form) => {
    const { predicted, observed } = resultOf(form)
    expect(predicted.transaction).toBe('forbidden')
    expect(
      locksOf(observed).filter((lock) => !locksOf(predicted).includes(lock)),
      form.sql,
    ).toEqual([])
  })

  test('locks of statements that wait for others were seen at all', () => {
    const waiting = alone.filter(({ id }) => id !== 'vacuum')
    expect(waiting.filter((form) => locksOf(resultOf(form).observed).length === 0).map(({ id }) => id)).toEqual([])
  })

  test('a known difference is still one, and its prediction says under which condition', () => {
    for (const form of formsFor(version).filter(({ id }) => knownDifferences.has(id))) {
      const { predicted, observed } = resultOf(form)
      expect(comparable(predicted), form.id).not.toEqual(comparable(observed))
      expect(predicted.condition, form.id).toBeDefined()
    }
  })

  function resultOf({ id }: Form): Probed {
    const result = probed.get(id)
    if (result === undefined) throw new Error(`${id} was not probed`)
    return result
  }
})

function locksOf({ locks }: Facts): readonly string[] {
  return locks.map(({ relation, mode }) => `${relation}: ${mode}`)
}
