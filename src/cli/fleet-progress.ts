import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FleetListener } from '../model/fleet.ts'
import { fleetLine } from '../report/fleet.ts'
import type { Context } from './command.ts'
import { lineWriter } from './progress.ts'

interface FleetProgress extends AsyncDisposable {
  readonly listener: FleetListener
}

/** A line for each target on standard error; every event, those of the targets' runs too, in the file of --events. */
export async function fleetProgress(context: Context, eventsFile: string | undefined): Promise<FleetProgress> {
  const file = eventsFile === undefined ? undefined : await open(resolve(context.cwd, eventsFile), 'a')
  const writing = lineWriter(file)
  return {
    listener(event) {
      const line = fleetLine(event)
      if (line !== undefined) context.stderr.write(`${line}\n`)
      writing.write(event.type === 'target-event' ? { target: event.target, ...event.event } : { at: Date.now(), ...event })
    },
    async [Symbol.asyncDispose]() {
      await writing.end()
      await file?.close()
    },
  }
}
