import { createRequire } from 'node:module'
import type { CodeAnswer } from '../model/adapter.ts'
import type { ChildAnswer, QueryReply } from './_code-protocol.ts'
import { givesNoRows, readKind } from './_code-reads.ts'
import { issue, oneLine, stop, watched, withLine, type Place } from './_code-recorder.ts'

/** What `pg` gives for one statement. */
export interface Answer {
  readonly command: string
  readonly rowCount: number
  readonly rows: readonly object[]
}

/** Takes a statement at once, for the line of the code that issues it is known only then; it is sent when it is its turn. */
export type Send = (sql: string, parameters: readonly unknown[]) => () => Promise<readonly Answer[]>

/** Where statements go in one of the three ways of running an `up`. */
export interface Wire {
  /** Those of the code. */
  readonly code: Send
  /** Those that the ORM issues around it: its look at the server, the transaction. */
  readonly own: Send
}

/**
 * Nowhere: they are written down, and whoever looks at an answer's rows stops the `up`. A count of rows is a plain number, which cannot tell
 * that it is looked at; each statement's first answer says `count`, and a recording that says another shows whether that matters.
 */
export function nowhere(place: Place, count: number): Wire {
  const told = new Set<string>()
  const code: Send = (sql, parameters) => {
    const issued = issue(place, sql, parameters)
    const kind = readKind(sql)
    const command = commandOf(sql)
    if (kind === 'none') return () => Promise.resolve([{ command, rowCount: 0, rows: [] }])
    const why = kind === 'data' ? 'reads-data' : 'needs-sandbox'
    const rows = givesNoRows(sql)
      ? []
      : watched([], () => stop(place.recording, { kind: why, call: oneLine(sql), ...withLine(issued.line) }))
    const rowCount = told.has(sql) ? 0 : count
    told.add(sql)
    issued.counted = true
    return () => Promise.resolve([{ command, rowCount, rows }])
  }
  return { code, own: (sql) => () => Promise.resolve([{ command: commandOf(sql), rowCount: 0, rows: [] }]) }
}

/** As the server's command tag begins, as far as it matters to those who look. */
function commandOf(sql: string): string {
  const word = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*([a-z]+)/i.exec(sql)?.[1]?.toUpperCase() ?? ''
  return word === 'WITH' || word === 'VALUES' || word === 'TABLE' ? 'SELECT' : word
}

/** The parts that we use of the project's own `pg`. */
interface Connection {
  connect(): Promise<unknown>
  query(query: { readonly text: string; readonly values: readonly unknown[] } | string): Promise<Answer | readonly Answer[]>
  end(): Promise<void>
}

/** A connection of the project's own `pg`, so that its answers have the types that the code expects. */
export async function connect(root: string, url: string): Promise<Connection> {
  const { Client } = createRequire(`${root}/package.json`)('pg') as { Client: new (options: object) => Connection }
  const connection = new Client({ connectionString: url })
  await connection.connect()
  return connection
}

/** To a throw-away database: what is looked at there is an assumption, or a read of rows. */
export function sandboxWire(connection: Connection, place: Place): Wire {
  const run = async (sql: string, parameters: readonly unknown[]): Promise<readonly Answer[]> => {
    // Without values pg uses the simple protocol, which takes several statements at once.
    const answers = await connection.query(parameters.length === 0 ? sql : { text: sql, values: parameters })
    return Array.isArray(answers) ? (answers as readonly Answer[]) : [answers as Answer]
  }
  const code: Send = (sql, parameters) => {
    const issued = issue(place, sql, parameters)
    const kind = readKind(sql)
    return async () => {
      const answers = await run(sql, parameters)
      if (kind === 'none' || givesNoRows(sql)) return answers
      if (kind === 'catalog') return answers.map((answer) => assumed(answer, (rows) => Object.assign(issued, { touched: true, rows })))
      const look = (): void => void (place.recording.readsRows ??= { call: oneLine(sql), ...withLine(issued.line) })
      return answers.map(({ command, rowCount, rows }) => ({ command, rowCount, rows: watched(rows, look) }))
    }
  }
  return { code, own: (sql, parameters) => () => run(sql, parameters) }
}

function assumed({ command, rowCount, rows }: Answer, look: (rows: readonly object[]) => void): Answer {
  return {
    command,
    rows: watched(rows, () => look(rows)),
    get rowCount() {
      look(rows)
      return rowCount
    },
  }
}

/** The beginning and the end of a transaction. */
export const ofTransaction = /^\s*(?:begin|start\s+transaction|commit|rollback|end)\b[^;]*;?\s*$/i

/** To the parent, which holds the connection and the transaction: this process needs no password and no way to the database. */
export function parentWire({ lineNow }: Place): Wire {
  const code: Send = (sql, parameters) => {
    const query = { kind: 'query', sql, parameters, ...withLine(lineNow()) } as const
    return async () => (await askParent(query)).map(asAnswer)
  }
  const answered: readonly Answer[] = [{ command: '', rowCount: 0, rows: [] }]
  return { code, own: (sql, parameters) => (ofTransaction.test(sql) ? () => Promise.resolve(answered) : code(sql, parameters)) }
}

function askParent(query: Extract<ChildAnswer, { readonly kind: 'query' }>): Promise<readonly CodeAnswer[]> {
  return new Promise((resolve, reject) => {
    process.once('message', (reply) => {
      const given = reply as QueryReply
      if (given.kind === 'answers') resolve(given.answers)
      else reject(Object.assign(new Error(given.message), given.fields))
    })
    process.send?.(query, (error: Error | null) => (error === null ? undefined : reject(error)))
  })
}

/** int8 is text in `pg`. */
function asAnswer({ command, count, rows }: CodeAnswer): Answer {
  const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  const asRow = (row: object): object => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]))
  return { command, rowCount: count, rows: rows.map(asRow) }
}
