import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** Of the first worker of this process; the same after a lost connection, so that it takes its own chunk up again at once. */
export const workerName = `${hostname()}:${process.pid}#${randomUUID()}`
