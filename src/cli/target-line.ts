import type { Session } from '../model/session.ts'
import { printable } from '../report/style.ts'
import type { Context } from './command.ts'

/** Says on standard error which database it is, before anything else is said or done. */
export function printTarget(context: Context, session: Session, role: string | undefined): void {
  context.stderr.write(`${targetLine(session, role)}\n`)
}

export function targetLine(session: Session, role: string | undefined): string {
  const { host, port, database, user } = session.target
  const as = role === undefined ? user : `${user} in the role ${role}`
  return printable(`Database ${database} on ${host}:${port} as ${as}, PostgreSQL ${session.server.fullVersion ?? session.server.version}`)
}
