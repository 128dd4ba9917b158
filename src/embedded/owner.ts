import { readFileSync, readlinkSync } from 'node:fs'

/** Which process made a server folder, so that another can tell whether it still lives. */
export interface Owner {
  readonly pid: number
  /** Empty where there is no /proc. */
  readonly boot: string
  readonly pidNamespace: string
  /** Clock ticks since boot (proc(5), stat, field 22): tells a reused pid from the owner. */
  readonly started: string
}

/** This process as an owner. */
export function ownerNow(): Owner {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  return { pid: process.pid, boot, pidNamespace: read(() => readlinkSync('/proc/self/ns/pid')), started: startOf(process.pid) }
}

/** False only where it is certain that the owner has ended. A pid of another container says nothing to us. */
export function mayLive(owner: Owner): boolean {
  const now = ownerNow()
  if (owner.boot !== now.boot) return false
  if (owner.pidNamespace !== now.pidNamespace) return true
  return processExists(owner.pid) && startOf(owner.pid) === owner.started
}

/** True for a process of another user too. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The name of the program (field 2) stands in parentheses and may hold spaces: count from the last parenthesis, behind which is field 3. */
function startOf(pid: number): string {
  return read(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
}

function read(what: () => string): string {
  try {
    return what()
  } catch {
    return ''
  }
}
