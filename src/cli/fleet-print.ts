import type { FleetReport } from '../model/fleet.ts'
import { fleetJson } from '../report/fleet.ts'
import type { Context, Invocation } from './command.ts'

interface Asked {
  readonly invocation: Invocation
  readonly context: Context
}

interface Printed {
  readonly report: FleetReport
  /** Where no JSON is wanted. */
  readonly text: (style: Context, report: FleetReport) => string
}

/** On standard output, as text or as the document of --json. */
export function printReport({ invocation: { options }, context }: Asked, verb: string, { report, text }: Printed): number {
  const json = options.json === true || options.format === 'json'
  context.stdout.write(json ? fleetJson(verb, report) : text(context, report))
  return 0
}
