import type { RowsRead } from '../model/migration.ts'
import type { RecordedQuery, Stopped } from './_code-protocol.ts'

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
  /** Its answer told a number of rows that was made up. */
  counted: boolean
  rows: readonly unknown[]
}

/** Where what an `up` issues is written down, and how to tell the line at work. */
export interface Place {
  readonly recording: Recording
  readonly lineNow: () => number | undefined
}

/** Thrown through the user's code to end it; the recording says why, in case that code catches it. */
export class Stop extends Error {
  override readonly name = 'Stop'
}

/** Where there are no rows, code that expects some may well fail: what it issued until then is all that can be known of it. */
export function endedWell({ stopped, readsRows }: Recording): boolean {
  return stopped === undefined || (stopped.kind === 'failed' && readsRows !== undefined)
}

/** Writes a query down. */
export function issue({ recording, lineNow }: Place, sql: string, parameters: readonly unknown[]): Issued {
  const issued: Issued = { sql, parameters, ...withLine(lineNow()), touched: false, counted: false, rows: [] }
  recording.queries.push(issued)
  return issued
}

/** Ends the `up`; the first reason stands. */
export function stop(recording: Recording, why: Stopped): never {
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

export function withLine(line: number | undefined): { readonly line?: number } {
  return line === undefined ? {} : { line }
}

/** For messages: the beginning of a statement. */
export function oneLine(sql: string): string {
  const text = sql.replace(/\s+/g, ' ').trim()
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
