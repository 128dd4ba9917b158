import { Worker } from 'node:worker_threads'

/** How often the parent is looked for. */
const everyMs = 1000

// Plain JavaScript, for a worker made of text: in a thread of its own it looks on while the user's code spins.
const look = `
const { workerData: { parent, everyMs } } = require('node:worker_threads')
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, everyMs)`

/**
 * Ends this process once its parent is gone, be it killed: the end of the channel tells an idle child, but one that is in an endless loop would
 * take a core for ever.
 */
export function endWithParent(): void {
  new Worker(look, { eval: true, workerData: { parent: process.ppid, everyMs } }).unref()
}
