import { connect } from '../../src/postgres/session.ts'
import { describeSchema, diffSchemas, type SchemaDescription } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import type { Plan } from '../../src/model/plan.ts'
import { run } from '../../src/run/run.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { planAll, sqlMigration } from './planned.ts'
import type { runOptions } from './run.ts'

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

/** Runs up to right before a step, by default the first swap, and stops there. */
export async function runUpTo(options: ReturnType<typeof runOptions>, step = '-swap-'): Promise<void> {
  const stop = new AbortController()
  const listener: RunOptions['listener'] = (event) => {
    options.listener(event)
    if (event.type === 'step-started' && event.step.includes(step)) stop.abort()
  }
  const ended = await run({ ...options, signal: stop.signal, listener }).then(
    () => true,
    () => false,
  )
  if (ended || !stop.signal.aborted) throw new Error(`it was not stopped before ${step}`)
}
