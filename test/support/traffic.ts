import pg from 'pg'

export interface Traffic extends AsyncDisposable {
  stop(): Promise<{ readonly queries: number; readonly failures: readonly string[] }>
}

/** The application of test/cases/runs/ten as it was before its migrations: reads, writes and inserts. */
export const orderQueries: readonly Query[] = [
  (n) => `select id, note, total from orders where id = ${1 + (n % 4000)}`,
  (n) => `update orders set total = total where id = ${1 + ((n * 7) % 4000)}`,
  (n) => `insert into orders ("customerId", total, state) values (${1 + (n % 200)}, 1, 'new')`,
  (n) => `select c.email, count(*) from "Customer" c join orders o on o."customerId" = c.id where c.id = ${1 + (n % 200)} group by 1`,
]

/** The text of an application's n-th query of one kind. */
export type Query = (n: number) => string

/** Each kind of query on a connection of its own, without a pause. */
export async function startTraffic(url: string, queries: readonly Query[]): Promise<Traffic> {
  const failures: string[] = []
  let count = 0
  const stopped = new AbortController()
  const lane = async (next: Query): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', (error) => failures.push(`connection: ${error.message}`))
    await client.connect()
    for (let n = 1; !stopped.signal.aborted; n++) {
      try {
        await client.query(next(n))
        count += 1
      } catch (error) {
        failures.push(`${next(n)}: ${String(error)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await client.end()
  }
  const lanes = queries.map(lane)
  const stop = async (): Promise<{ readonly queries: number; readonly failures: readonly string[] }> => {
    stopped.abort()
    await Promise.all(lanes)
    return { queries: count, failures }
  }
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}
