import { LockkeeperError } from '../model/errors.ts'
import type { Row, Target } from '../model/session.ts'

/** The part of the driver's client that this needs; `processID` is what the other end said at the start of the connection. */
interface Client {
  readonly processID?: number | null
  query(sql: string): Promise<{ readonly rows: readonly Row[] }>
  end(): Promise<void>
}

interface Suspicion {
  readonly client: Client
  /** What pg_backend_pid() says. */
  readonly pid: number
  readonly target: Target
  readonly open: () => Promise<Client>
}

/** Other clients of the pool take servers away between two questions; this many rounds make a miss unlikely. */
const rounds = 20

/**
 * A pooler answers with a process id of its own, so a server gives itself away by pg_backend_pid(). Whether it pools by
 * transaction shows when two of our connections are served by one backend, or one by two. Asked before any SET, which
 * would stay behind on a backend that the application gets next. Throws `pooler`.
 */
export async function refuseTransactionPooler({ client, pid, target, open }: Suspicion): Promise<void> {
  if (client.processID === pid || client.processID === undefined || client.processID === null) return
  const other = await open()
  try {
    for (let round = 0; round < rounds; round++) {
      const first = await pidOf(client)
      await other.query('begin')
      const second = await pidOf(other)
      await other.query('rollback')
      if (first === second || first !== pid) throw poolerBetween(target)
    }
  } finally {
    await other.end()
  }
}

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  return Number(rows[0]?.['pid'])
}

function poolerBetween({ host, port }: Target): LockkeeperError {
  return new LockkeeperError(
    'pooler',
    `${host}:${port} is a transaction pooler (PgBouncer or alike): each transaction may land on another backend, so neither the run lock nor timeouts hold`,
    {
      hint: 'Give the address of the server itself in --database-url or DIRECT_URL.',
    },
  )
}
