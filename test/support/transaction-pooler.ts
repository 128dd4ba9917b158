import { createServer, createConnection } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Pooler extends AsyncDisposable {
  /** The same database through the pooler. */
  readonly url: string
}

interface Backend {
  readonly socket: Socket
  onMessage: (type: string, whole: Buffer) => void
}

const readyForQuery = 'Z'
const protocol3 = 196_608
const sslRequest = 80_877_103

/**
 * A small pooler by transaction, as PgBouncer's pool_mode = transaction: a client gets a backend with its first message and
 * gives it back at ReadyForQuery outside a transaction; backends are handed out last in, first out. It answers the start of a
 * connection itself, with a process id of its own. `size` backends, opened as they are needed.
 */
export async function startTransactionPooler(target: string, size = 4): Promise<Pooler> {
  const idle: Backend[] = []
  const waiting: ((backend: Backend) => void)[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const take = async (): Promise<Backend> => {
    const free = idle.pop()
    if (free !== undefined) return free
    if (opened < size) {
      opened += 1
      return await openBackend(target, sockets)
    }
    return await new Promise((resolve) => waiting.push(resolve))
  }
  const give = (backend: Backend): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(backend)
    else next(backend)
  }
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => undefined)
    serve(client, take, give)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  const { port } = server.address() as AddressInfo
  return {
    url: `postgresql://${url.username}@127.0.0.1:${port}${url.pathname}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serve(client: Socket, take: () => Promise<Backend>, give: (backend: Backend) => void): void {
  let started = false
  let mine: Promise<Backend> | undefined
  let ended = false
  client.on('close', () => (ended = true))
  const forward = async (message: Buffer): Promise<void> => {
    mine ??= take()
    const backend = await mine
    backend.onMessage = (type, whole) => {
      if (!ended) client.write(whole)
      if (type !== readyForQuery || whole[5] !== 'I'.charCodeAt(0)) return
      mine = undefined
      backend.onMessage = () => undefined
      give(backend)
    }
    backend.socket.write(message)
  }
  client.on('data', (data: Buffer) => {
    if (started) {
      if (data[0] === 'X'.charCodeAt(0)) client.end()
      else void forward(data)
      return
    }
    if (data.readInt32BE(4) === sslRequest) {
      client.write('N')
      return
    }
    started = true
    client.write(
      Buffer.concat([
        frame('R', int32(0)),
        frame('S', Buffer.from('server_version\x0018\0')),
        frame('K', Buffer.concat([int32(4_242), int32(1)])),
        frame(readyForQuery, Buffer.from('I')),
      ]),
    )
  })
}

function openBackend(target: string, sockets: Set<Socket>): Promise<Backend> {
  const url = new URL(target)
  const host = url.searchParams.get('host')
  const socket = host === null ? createConnection(Number(url.port), url.hostname) : createConnection(`${host}/.s.PGSQL.${url.port}`)
  sockets.add(socket)
  const parameters = Buffer.from(`user\0${url.username}\0database\0${url.pathname.slice(1)}\0\0`)
  socket.write(Buffer.concat([int32(parameters.length + 8), int32(protocol3), parameters]))
  return new Promise((resolve, reject) => {
    const backend: Backend = { socket, onMessage: (type) => type === readyForQuery && resolve(backend) }
    socket.on('error', reject)
    let rest = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
        const length = 1 + rest.readInt32BE(1)
        const whole = rest.subarray(0, length)
        rest = rest.subarray(length)
        backend.onMessage(String.fromCharCode(whole[0] ?? 0), whole)
      }
    })
  })
}

function frame(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
