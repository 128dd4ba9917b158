import { judge } from '../compatibility/judge.ts'
import type { Cause, Verdict } from '../model/compatibility.ts'
import { placeOf, prepareThere, type AtHome } from './compatibility-prepare.ts'
import type { SchemaChange } from './schema-changes.ts'
import type { SchemaStates } from './schema-states.ts'

interface Suspects {
  readonly homes: readonly AtHome[]
  readonly verdicts: readonly Verdict[]
}

/** Each is prepared after each change: beyond so many times that takes longer than anybody waits for. */
const mostLooks = 50_000

/** The verdicts, each with the change after which the statement first fared so: the changes are made once more, one by one. */
export async function blamed(states: SchemaStates, changes: readonly SchemaChange[], suspects: Suspects): Promise<readonly Verdict[]> {
  const { homes, verdicts } = suspects
  const open = new Set(
    verdicts.flatMap(({ outcome }, at) => (isBad(outcome) ? [at] : [])).slice(0, Math.ceil(mostLooks / (changes.length + 1))),
  )
  if (open.size === 0) return verdicts
  const causes = new Map<number, Cause>()
  await states.copy(async (session) => {
    for (const change of changes) {
      await change.run(session)
      const place = placeOf(session)
      for (const at of open) {
        const home = homes[at]
        if (home === undefined) continue
        const { outcome } = judge({ home: home.preparation, ...(await prepareThere(place, home)) })
        if (outcome !== verdicts[at]?.outcome) continue
        causes.set(at, change.cause)
        open.delete(at)
      }
      if (open.size === 0) return
    }
  })
  return verdicts.map((verdict, at) => {
    const cause = causes.get(at)
    return cause === undefined ? verdict : { ...verdict, cause }
  })
}

function isBad(outcome: Verdict['outcome']): boolean {
  return outcome === 'breaks' || outcome === 'result-changes'
}
