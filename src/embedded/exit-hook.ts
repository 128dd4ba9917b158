const atExit = new Set<() => void>()

/**
 * Calls `end` when the process exits by process.exit, an uncaught exception or running dry; not on a signal without a handler, nor on kill -9:
 * that is the watchdog's. Adds no signal handler, so that exit statuses and the handlers of others stand. Gives back how to forget it.
 */
export function onProcessExit(end: () => void): () => void {
  if (atExit.size === 0) process.once('exit', runAll)
  atExit.add(end)
  return () => {
    atExit.delete(end)
    if (atExit.size === 0) process.off('exit', runAll)
  }
}

function runAll(): void {
  for (const end of atExit) end()
}
