import { LockkeeperError } from '../model/errors.ts'
import type { StepContext } from './step-context.ts'

/** `--window`: strong locks only within these hours, by the server's clock and its session's time zone. Outside: status 3. */
export async function refuseOutsideWindow({ options, connections }: Pick<StepContext, 'options' | 'connections'>): Promise<void> {
  if (options.window === undefined) return
  const [row] = await connections.control.query('select extract(hour from localtime) * 60 + extract(minute from localtime) as minute')
  const minute = Number(row?.['minute'])
  if (isWithin(minute, options.window)) return
  const window = `${clock(options.window.fromMinute)}-${clock(options.window.toMinute)}`
  throw new LockkeeperError(
    'outside-window',
    `it is ${clock(minute)} on the server, outside the window ${window}; the next step needs a strong lock`,
    { details: { window } },
  )
}

/** A window may run over midnight: 23:00-04:00. */
export function isWithin(minute: number, { fromMinute, toMinute }: { readonly fromMinute: number; readonly toMinute: number }): boolean {
  return fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(Math.floor(minute % 60)).padStart(2, '0')}`
}
