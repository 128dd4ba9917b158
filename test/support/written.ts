import { expect } from 'vitest'
import type { Write, Writer } from './two-versions.ts'
import { nothing, type Look } from './version-cases.ts'

/** A write of every fifth row that is new, of rows that no other writer changes. */
export function writesOf({ table, column, value, otherwise }: Look, first: { readonly row: number; readonly added: number }) {
  return (at: number): Write => {
    const n = at + first.added
    const given = value(n)
    const literal = given === null || given === undefined ? 'NULL' : `'${given}'`
    const text = given === undefined ? (otherwise ?? nothing) : (given ?? nothing)
    if (at % 5 !== 0 && given !== undefined) {
      const id = first.row + (at % 60)
      return { sql: `UPDATE ${table} SET "${column}" = ${literal} WHERE id = ${id}`, id, value: text }
    }
    const id = first.added + at
    const insert = given === undefined ? `(id) VALUES (${id})` : `(id, "${column}") VALUES (${id}, ${literal})`
    return { sql: `INSERT INTO ${table} ${insert}`, id, value: text }
  }
}

export const rowsOfOld = { row: 1, added: 1000 }
export const rowsOfNew = { row: 101, added: 1_000_000 }
export const rowsOfLate = { row: 101, added: 2_000_000 }

/** What each row must hold, as text. */
export type Values = ReadonlyMap<number, string>

/** Ends it; no statement of it may have failed. */
export async function ended(writer: Writer): Promise<Values> {
  const { last, failures } = await writer.stop()
  expect(failures).toEqual([])
  return last
}

/** As the other version reads them; nothing where that cannot be told. */
export function mapped(values: Values, by: ((value: string) => string) | undefined): Values {
  return by === undefined ? new Map() : new Map([...values].map(([id, value]) => [id, by(value)]))
}

/** Rows that hold something else. */
export function differing(wanted: Values, found: Values): readonly string[] {
  return [...wanted]
    .flatMap(([id, value]) => (found.get(id) === value ? [] : [`row ${id}: ${found.get(id)} instead of ${value}`]))
    .slice(0, 5)
}
