import type { Blocker } from '../model/event.ts'
import type { Style } from './style.ts'
import { clip, duration } from './style.ts'
import { table } from './table.ts'

/** Who stands in the way, a row each. */
export function blockersTable(style: Style, indent: string, blockers: readonly Blocker[]): string {
  const rows = blockers.map((b) => [
    who(b),
    b.application,
    b.state,
    age(b),
    `${b.mode}${b.granted ? '' : ' (waits)'}`,
    b.relation,
    clip(b.query.replaceAll(/\s+/g, ' '), 60),
  ])
  return blockers.length === 0
    ? ''
    : table(style, { headings: ['pid', 'application', 'state', 'age', 'lock', 'on', 'query'], rows, indent })
}

/** The first blocker in one line: `pid 812 (reports, idle in transaction, 41 s) holds ACCESS SHARE on public.orders: SELECT ...`. */
export function blockerLine(blockers: readonly Blocker[]): string {
  const first = blockers.toSorted(
    (a, b) => Number(b.granted) - Number(a.granted) || (b.transactionAgeMs ?? 0) - (a.transactionAgeMs ?? 0),
  )[0]
  if (first === undefined) return 'someone who is gone by now'
  const more = blockers.length > 1 ? ` and ${blockers.length - 1} more` : ''
  const what = first.granted ? 'holds' : 'waits for'
  const lock = first.mode === '' ? 'a snapshot' : `${first.mode} on ${first.relation}`
  const query = first.query === '' ? '' : `: ${clip(first.query.replaceAll(/\s+/g, ' '), 80)}`
  return `${who(first)} (${first.application === '' ? first.user : first.application}, ${first.state}, ${age(first)}) ${what} ${lock}${query}${more}`
}

function who(blocker: Blocker): string {
  const where = blocker.server === undefined ? '' : ` on the replica ${blocker.server}`
  return blocker.pid === null ? 'prepared transaction' : `pid ${blocker.pid}${where}`
}

function age(blocker: Blocker): string {
  return blocker.transactionAgeMs === undefined ? 'age not visible' : duration(blocker.transactionAgeMs)
}
