import { createServer } from 'node:net'

/**
 * A socket's port is only a part of its name. It is not 5432, so that a client which overlooks the folder fails instead of reaching a server
 * that someone else runs.
 */
export const socketPort = 54329

/** A TCP port on which nobody listened a moment ago. */
export async function freePort(): Promise<number> {
  const port = await tryListen(0)
  if (port === undefined) throw new Error('no free TCP port on 127.0.0.1')
  return port
}

/** Whether somebody else got hold of the port: why a server could not start. */
export async function isTaken(port: number): Promise<boolean> {
  return (await tryListen(port)) === undefined
}

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
