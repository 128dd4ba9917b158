import { spawn } from 'node:child_process'
import { spawnOptions } from './command.ts'

/** Outlives this process, however that ends, and clears up after it. */
export interface Watchdog {
  /** Says which process to end; undefined when the server has ended. */
  watch(pid: number | undefined): void
  /** Lets it go; it removes what is left of the folder and ends. */
  release(): Promise<void>
}

/**
 * Reads pids from standard input, the last one counts. The pipe closes when the process at the other end ends, by kill -9 too. SIGQUIT is an
 * immediate shutdown, after which the postmaster removes postmaster.pid and ends; 8 s, because it kills its own children 5 s after a SIGQUIT;
 * a second more at most for the process, which stays a zombie where process 1 of a container does not wait for orphans.
 */
const script = `
trap '' HUP INT QUIT TERM
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
  tries=0
  while [ -e "$1/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 160 ]; do sleep 0.05; tries=$((tries + 1)); done
  [ $tries -ge 160 ] && kill -KILL "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 20 ]; do sleep 0.05; tries=$((tries + 1)); done
fi
tries=0
while rm -rf "$1" 2>/dev/null; [ -e "$1" ] && [ $tries -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
`

/** Starts the watchdog of one server folder. In a session of its own, so that Ctrl-C in the terminal does not reach it. */
export function startWatchdog(folder: string): Watchdog {
  const child = spawn('/bin/sh', ['-c', script, 'lockkeeper-watchdog', folder], {
    ...spawnOptions({ file: '/bin/sh', args: [] }),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  // Where the watchdog itself was killed, writing to it fails; the exit hook and the sweep of the next start remain.
  child.stdin?.on('error', () => undefined)
  child.unref()
  return {
    watch: (pid) => void child.stdin?.write(`${pid ?? ''}\n`),
    release: () => {
      child.ref()
      child.stdin?.end()
      return ended
    },
  }
}
