import type { ThrottleKind } from '../model/throttle.ts'
import { hoursIn, isWithin, type Hours } from './_hours.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * Hours by the server's clock, in the time zone of our session there, which the reason names. `only`: nothing is changed outside of them; `not`:
 * nothing within. Needs no right.
 */
export const schedule: ThrottleKind = {
  id: 'schedule',
  summary: 'hours in which nothing, or in which alone something is changed',
  example: 'not mon-fri 08:00-20:00',
  open(value, context) {
    const { only, hours } = limitOf(schedule, value, scheduleIn)
    const read = async () => {
      const [row] = await readRows(context, clockSql)
      const now = { day: Number(row?.['day']), minute: Number(row?.['minute']) }
      const reason = `it is ${String(row?.['now'])} (${String(row?.['zone'])}) on the server (${value.trim()})`
      return { load: isWithin(now, hours) === only ? 0 : 1, reason }
    }
    return { id: schedule.id, everyMs: 1_000, read }
  },
}

function scheduleIn(value: string): { readonly only: boolean; readonly hours: Hours } | undefined {
  const [, word = '', rest = ''] = /^\s*(only|not)\s+(.+)$/i.exec(value) ?? []
  const hours = hoursIn(rest)
  return hours === undefined ? undefined : { only: word.toLowerCase() === 'only', hours }
}

const clockSql = `
  select extract(isodow from localtimestamp)::int as day,
    (extract(hour from localtime) * 60 + extract(minute from localtime))::int as minute,
    to_char(localtimestamp, 'Dy HH24:MI') as now, current_setting('TimeZone') as zone`
