import { connect } from '../../src/postgres/session.ts'
import { describeSchema, diffSchemas, type SchemaDescription } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import type { Plan } from '../../src/model/plan.ts'
import { planAll, sqlMigration } from './planned.ts'

/** The plan with the change of type allowed, as the user would allow it. */
export async function planChange(url: string, sql: string, allow: readonly string[] = ['result-type']): Promise<Plan> {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)], allow)
}

export async function schemaOf(url: string): Promise<SchemaDescription> {
  await using session = await connect({ url, applicationName: 'look' })
  return await describeSchema((sql, values) => session.query(sql, values))
}

/** The order of columns is what a swap cannot keep; statistics objects list theirs in that order. */
export function diffBesidesOrder(expected: SchemaDescription, actual: SchemaDescription): readonly string[] {
  return diffSchemas(inAnyOrder(expected), inAnyOrder(actual)).filter((line) => !line.startsWith('order of columns in '))
}

function inAnyOrder(schema: SchemaDescription): SchemaDescription {
  const sorted = (text: string) =>
    text.replace(/ ON (.*) FROM /, (_, list: string) => ` ON ${list.split(', ').toSorted().join(', ')} FROM `)
  return Object.fromEntries(
    Object.entries(schema).map(([object, text]) => [object, object.startsWith('statistics ') ? sorted(text) : text]),
  )
}
