import { createServer } from 'node:net'
import { LockkeeperError } from '../model/errors.ts'

/**
 * A socket's port is only a part of its name. It is not 5432, so that a client which overlooks the folder fails instead of reaching a server
 * that someone else runs.
 */
export const socketPort = 54329

/** How often another process may snatch the port before we give up. */
const portAttempts = 5

/**
 * Calls `start` with a TCP port of 127.0.0.1 on which nobody listens. Somebody may take it between our look and the server's bind: where `start`
 * failed and the port is taken, it is called again with another one.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      return await start(port)
    } catch (error) {
      if (attempt === portAttempts || !(await isTaken(port))) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const port = await tryListen(0)
  if (port === undefined)
    throw new LockkeeperError('embedded-failed', 'There is no free TCP port on 127.0.0.1.', { hint: 'Start it without TCP.' })
  return port
}

async function isTaken(port: number): Promise<boolean> {
  return (await tryListen(port)) === undefined
}

/** Listens for a moment; gives back the port, or undefined where that was not possible. */
function tryListen(port: number): Promise<number | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}
