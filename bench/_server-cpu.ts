import { readFileSync, readdirSync } from 'node:fs'

/** Ticks of /proc/PID/stat; 100 a second on Linux. */
const tickMs = 10

/** Milliseconds of CPU that a postmaster, its children and those it has buried have used. Linux only; 0 elsewhere. */
export function serverCpuMs(postmaster: number): number {
  try {
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => statOf(Number(name)))
      .filter((stat) => stat?.parent === postmaster)
    const own = statOf(postmaster)
    return tickMs * ((own?.ticks ?? 0) + (own?.buriedTicks ?? 0) + children.reduce((sum, stat) => sum + (stat?.ticks ?? 0), 0))
  } catch {
    return 0
  }
}

interface Stat {
  readonly parent: number
  readonly ticks: number
  readonly buriedTicks: number
}

/** Fields 4, 14 to 17 of proc(5); a process may end while we look at it. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const at = (field: number): number => Number(fields[field - 3])
    return { parent: at(4), ticks: at(14) + at(15), buriedTicks: at(16) + at(17) }
  } catch {
    return undefined
  }
}
