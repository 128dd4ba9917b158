/** Hours of some days of the week. `toMinute` below `fromMinute`: until that time of the next day. */
export interface Hours {
  /** 1 (Monday) to 7, as isodow. */
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
}

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const allDay = 24 * 60

/** `08:00-20:00`, `mon-fri 08:00-20:00`, `sat,sun`. Undefined where it is none of these, or where it begins when it ends. */
export function hoursIn(text: string): Hours | undefined {
  const words = text.trim().toLowerCase().split(/\s+/)
  const [first = '', second] = words
  if (words.length > 2) return undefined
  const days = daysIn(first)
  const range = days === undefined ? first : second
  if (days === undefined && second !== undefined) return undefined
  const minutes = range === undefined ? { fromMinute: 0, toMinute: allDay } : minutesIn(range)
  return minutes === undefined || first === '' ? undefined : { days: days ?? names.map((_, i) => i + 1), ...minutes }
}

/** `day` as isodow. What runs over midnight belongs to the day on which it began. */
export function isWithin({ day, minute }: { readonly day: number; readonly minute: number }, hours: Hours): boolean {
  const { days, fromMinute, toMinute } = hours
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute
  const yesterday = day === 1 ? 7 : day - 1
  return (days.includes(day) && minute >= fromMinute) || (days.includes(yesterday) && minute < toMinute)
}

function daysIn(text: string): readonly number[] | undefined {
  const parts = text.split(',').map((part) => part.split('-').map((name) => names.indexOf(name) + 1))
  if (parts.some((part) => part.length > 2 || part.includes(0))) return undefined
  return parts.flatMap(([from = 0, to = from]) => {
    const length = ((to - from + 7) % 7) + 1
    return Array.from({ length }, (_, i) => ((from - 1 + i) % 7) + 1)
  })
}

function minutesIn(text: string): { readonly fromMinute: number; readonly toMinute: number } | undefined {
  const [from, to] = text.split('-').map(minuteIn)
  if (from === undefined || to === undefined || from === to || from === allDay || text.split('-').length > 2) return undefined
  return { fromMinute: from, toMinute: to }
}

function minuteIn(text: string): number | undefined {
  const [, hour, minute] = /^(\d{1,2}):([0-5]\d)$/.exec(text) ?? []
  const all = Number(hour) * 60 + Number(minute)
  return all <= allDay ? all : undefined
}
