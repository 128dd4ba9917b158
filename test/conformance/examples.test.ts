import { afterAll, beforeAll, expect, test } from 'vitest'
import { hazards } from '../../src/postgres/hazards/index.ts'
import { loadParser } from '../../src/postgres/parse.ts'
import { connect, type PostgresSession } from '../../src/postgres/session.ts'
import { comparable } from '../support/lock-forms.ts'
import { observeExample, type SeenExample } from '../support/observe-examples.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

await loadParser()

const examples = hazards.flatMap(({ id, examples: { hazardous, safe } }) => [
  ...hazardous.map((sql) => ({ id, kind: 'hazardous', sql })),
  ...safe.map((sql) => ({ id, kind: 'safe', sql })),
])

forEachVersion('the last statement of every example', (version) => {
  let database: TestDatabase
  let session: PostgresSession
  beforeAll(async () => {
    database = await freshDatabase(version)
    session = await connect({ url: database.url, applicationName: 'examples', schema: 'public' })
  }, 120_000)
  afterAll(async () => {
    await session.close()
    await database.drop()
  })

  test('does on the server what was predicted, or is refused there where it is a hazard or younger than the server', async () => {
    const different: string[] = []
    for (const { id, kind, sql } of examples) {
      const seen = await observeExample(sql, session)
      if (seen.kind === 'ran') different.push(...differences(seen).map((line) => `${id}: ${line} in ${sql}`))
      else if (kind === 'safe' && version === 18) different.push(`${id}: ${seen.message} in ${sql}`)
    }
    expect(different).toEqual([])
  }, 300_000)
})

function differences({ predicted, observed }: Extract<SeenExample, { kind: 'ran' }>): readonly string[] {
  const [expected, found] = [comparable(predicted), comparable(observed)]
  const missing = found.filter((line) => !expected.includes(line)).map((line) => `not predicted: ${line}`)
  return [...missing, ...expected.filter((line) => !found.includes(line)).map((line) => `not observed: ${line}`)]
}
