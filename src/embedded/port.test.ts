import { createServer, type Server } from 'node:net'
import { expect, it } from 'vitest'
import { onFreePort } from './port.ts'

function listen(port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server)))
}

it('gives a port that can be listened on', async () => {
  const server = await onFreePort(listen)
  expect(server.listening).toBe(true)
  server.close()
})

it('tries another port where somebody took the first before the start', async () => {
  const ports: number[] = []
  const thieves: Server[] = []
  const server = await onFreePort(async (port) => {
    ports.push(port)
    if (ports.length < 3) thieves.push(await listen(port))
    return listen(port)
  })
  expect(new Set(ports).size).toBe(3)
  for (const each of [server, ...thieves]) each.close()
})

it('gives up after five ports', async () => {
  const thieves: Server[] = []
  const start = onFreePort(async (port) => {
    thieves.push(await listen(port))
    return listen(port)
  })
  await expect(start).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(thieves).toHaveLength(5)
  for (const each of thieves) each.close()
})

it('does not try again where the start failed for another reason', async () => {
  let calls = 0
  const start = onFreePort(() => Promise.reject(new Error(`call ${(calls += 1)}`)))
  await expect(start).rejects.toThrow('call 1')
  expect(calls).toBe(1)
})
