import type { RowsRead } from '../model/migration.ts'
import { readKind } from './_typeorm-reads.ts'
import type { RecordedQuery, Stopped } from './_typeorm-protocol.ts'

/** What an `up` issued, in order, and what stopped it. Reads whose answer was never looked at are statements like any other. */
export interface Recording {
  readonly queries: Issued[]
  stopped?: Stopped
  /** On a sandbox, which has no rows: where it looked at some all the same. */
  readsRows?: RowsRead
}

export interface Issued extends RecordedQuery {
  /** Its answer was looked at. */
  touched: boolean
  rows: readonly unknown[]
}

/** Thrown through the user's code to end it; the recording says why, in case that code catches it. */
class Stop extends Error {
  override readonly name = 'Stop'
}

/** Where there are no rows, code that expects some may well fail: what it issued until then is all that can be known of it. */
export function endedWell({ stopped, readsRows }: Recording): boolean {
  return stopped === undefined || (stopped.kind === 'failed' && readsRows !== undefined)
}

/** Writes a query down. */
export function issue(recording: Recording, query: RecordedQuery): Issued {
  const issued: Issued = { ...query, touched: false, rows: [] }
  recording.queries.push(issued)
  return issued
}

/** Ends the `up`; the first reason stands. */
function stop(recording: Recording, why: Stopped): never {
  recording.stopped ??= why
  throw new Stop(why.kind)
}

/** An answer that tells when it is looked at. Being awaited is not a look. */
export function watched<T extends object>(answer: T, onTouch: () => void): T {
  const touch = <A extends unknown[], R>(act: (...given: A) => R) => {
    return (...given: A): R => {
      onTouch()
      return act(...given)
    }
  }
  return new Proxy(answer, {
    get: (target, key) => {
      if (key === 'then') return undefined
      onTouch()
      return Reflect.get(target, key) as unknown
    },
    has: touch(Reflect.has),
    ownKeys: touch(Reflect.ownKeys),
  })
}

/**
 * A stand-in for TypeORM's QueryRunner that has no database. What it can answer without one is written down; anything else stops the `up` with
 * `needs-sandbox`, naming the call.
 */
export function recorder(recording: Recording, lineNow: () => number | undefined): object {
  const query = async (sql: string, parameters: readonly unknown[] = []): Promise<unknown> => {
    const issued = issue(recording, { sql, parameters, ...withLine(lineNow()) })
    const kind = readKind(sql)
    if (kind === 'none') return []
    const why = kind === 'data' ? 'reads-data' : 'needs-sandbox'
    return watched([], () => stop(recording, { kind: why, call: oneLine(sql), ...withLine(issued.line) }))
  }
  const send = (sql: string) => async (): Promise<void> => {
    issue(recording, { sql, parameters: [], ...withLine(lineNow()) })
  }
  const missing = (path: string): never => stop(recording, { kind: 'needs-sandbox', call: path, ...withLine(lineNow()) })
  const connection = standIn('queryRunner.dataSource', { query }, missing)
  const known = { query, connection, dataSource: connection, isReleased: false, isTransactionActive: true, data: {} }
  const transaction = {
    startTransaction: send('START TRANSACTION'),
    commitTransaction: send('COMMIT'),
    rollbackTransaction: send('ROLLBACK'),
  }
  return standIn(
    'queryRunner',
    { ...known, ...transaction, manager: standIn('queryRunner.manager', { query, connection, dataSource: connection }, missing) },
    missing,
  )
}

function standIn(path: string, known: object, missing: (path: string) => never): object {
  return new Proxy(known, {
    get: (target, key) => {
      if (typeof key === 'symbol' || key === 'then') return undefined
      return key in target ? (Reflect.get(target, key) as unknown) : missing(`${path}.${key}`)
    },
  })
}

export function withLine(line: number | undefined): { readonly line?: number } {
  return line === undefined ? {} : { line }
}

/** For messages: the beginning of a statement. */
export function oneLine(sql: string): string {
  const text = sql.replace(/\s+/g, ' ').trim()
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
