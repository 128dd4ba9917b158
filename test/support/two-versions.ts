import pg from 'pg'

/** One statement of an application, and what it leaves in the row that only this writer changes. */
export interface Write {
  readonly sql: string
  readonly id: number
  readonly value: string
}

export interface Writer {
  /** Resolves once it has written so many more rows; rejects where it fails meanwhile. */
  wrote(count: number): Promise<void>
  /** Ends it, and gives what each of its rows must hold now. */
  stop(): Promise<{ readonly last: ReadonlyMap<number, string>; readonly failures: readonly string[]; readonly writes: number }>
}

/** An application that writes without a pause on a connection of its own, each time with unnamed statements. A failure is noted, and it goes on. */
export async function startWriter(url: string, next: (n: number) => Write): Promise<Writer> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', (error) => failures.push(`connection: ${error.message}`))
  await client.connect()
  const last = new Map<number, string>()
  const failures: string[] = []
  const waiting = new Set<() => void>()
  const stopped = new AbortController()
  let writes = 0
  const loop = (async () => {
    for (let n = 1; !stopped.signal.aborted; n += 1) {
      const { sql, id, value } = next(n)
      try {
        await client.query(sql)
        last.set(id, value)
      } catch (error) {
        failures.push(`${sql}: ${String(error)}`)
      }
      writes += 1
      for (const look of waiting) look()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.end()
  })()
  const wrote = (count: number) =>
    new Promise<void>((settle) => {
      const until = writes + count
      const look = () => {
        if (writes < until) return
        waiting.delete(look)
        settle()
      }
      waiting.add(look)
    })
  const stop = async () => {
    stopped.abort()
    await loop
    return { last, failures, writes }
  }
  return { wrote, stop }
}

/** The rows of a writer that do not hold what it wrote last. */
export async function lostValues(url: string, last: ReadonlyMap<number, string>, valueSql: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: number; value: string | null }>(valueSql)
    const found = new Map(rows.map(({ id, value }) => [id, value]))
    return [...last].flatMap(([id, value]) => (found.get(id) === value ? [] : [`row ${id}: ${String(found.get(id))} instead of ${value}`]))
  } finally {
    await client.end()
  }
}
