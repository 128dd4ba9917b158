import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** Of the first worker of this process; the same after a lost connection, so that it takes its own chunk up again at once. */
export const workerName = `${hostname()}:${process.pid}#${randomUUID()}`

/** While one waits for its commit, the other works (bench:backfill: 1.5 times the rows a second of one). */
export const defaultWorkers = 2
