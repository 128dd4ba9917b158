import type { Preparation, ResultColumn } from '../model/compatibility.ts'
import type { Prepared, Session } from '../model/session.ts'
import { withEquals, withNumbers, withTextFor, withTypedConstants, type Reading } from '../compatibility/readings.ts'
import { refusalOf, type Refusal } from './refusal.ts'

/** A statement on the schema that it was written for. */
export interface AtHome {
  /** How it could be prepared there; as it is where it could not. */
  readonly reading: Reading
  readonly preparation: Preparation
  /** OIDs of the parameters' types. */
  readonly types: readonly number[]
}

/** A state of the schema that can be asked. */
export interface Place {
  readonly session: Session
  /** Names of types by OID and modifier, as they are there. */
  readonly names: Map<string, string>
}

export function placeOf(session: Session): Place {
  return { session, names: new Map() }
}

/** Prepares a statement where it should work, in other readings too where the text as it is cannot be prepared. */
export async function prepareAtHome(place: Place, sql: string): Promise<AtHome> {
  const tried = await tryReadings(place.session, { sql, types: [] })
  if (tried.kind === 'refused') return { reading: { sql, types: [] }, preparation: refused(tried.refusal), types: [] }
  return { reading: tried.reading, preparation: await named(place, tried.prepared), types: tried.prepared.parameters }
}

export interface There {
  readonly there: Preparation
  /** How it could be prepared there; absent where it could not. */
  readonly as?: Pick<AtHome, 'reading' | 'types'>
  /** What a statement that was prepared at home is told there, though it could be prepared there anew. */
  readonly cached?: string
}

/** Prepares the same statement on another schema. */
export async function prepareThere(place: Place, { reading, types, preparation }: AtHome): Promise<There> {
  const tried = preparation.kind === 'refused' ? await tryReadings(place.session, reading) : await tryAgain(place.session, reading)
  if (tried.kind === 'refused') return { there: refused(tried.refusal) }
  const there = await named(place, tried.prepared)
  const as = { reading: tried.reading, types: tried.prepared.parameters }
  if (preparation.kind === 'refused' || isSame(as.types, types)) return { there, as }
  const cached = await tryOne(place.session, { sql: reading.sql, types })
  return { there, as, ...(cached.kind === 'refused' && { cached: `${cached.refusal.message} (${cached.refusal.sqlstate})` }) }
}

type Tried =
  | { readonly kind: 'prepared'; readonly reading: Reading; readonly prepared: Prepared }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

// Where types were guessed at home, another guess may fit there; where none was needed, the first answer counts.
async function tryAgain(session: Session, reading: Reading): Promise<Tried> {
  const tried = await tryOne(session, reading)
  if (tried.kind === 'prepared' || reading.types.every((type) => type === 0)) return tried
  const again = await tryReadings(session, { sql: reading.sql, types: [] })
  return again.kind === 'prepared' ? again : tried
}

async function tryReadings(session: Session, first: Reading): Promise<Tried> {
  let reading = first
  let tried = await tryOne(session, reading)
  while (tried.kind === 'refused') {
    const better = betterReading(reading, tried.refusal)
    if (better === undefined) return await tryAny(session, reading, tried)
    reading = better
    tried = await tryOne(session, reading)
  }
  return tried
}

function betterReading(reading: Reading, { sqlstate, message }: Refusal): Reading | undefined {
  if (sqlstate === '42601') return withTypedConstants(reading)
  return sqlstate === '42P18' ? withTextFor(reading, message) : undefined
}

type Refused = Tried & { readonly kind: 'refused' }

async function tryAny(session: Session, reading: Reading, first: Refused): Promise<Tried> {
  const { sqlstate } = first.refusal
  let further = sqlstate === notGrouped ? 0 : mostFurther
  for (const other of otherReadings(reading, sqlstate)) {
    let tried = await tryOne(session, other)
    if (tried.kind === 'refused' && tried.refusal.sqlstate === notGrouped && further > 0) {
      further -= 1
      tried = await tryAny(session, other, tried)
    }
    if (tried.kind === 'prepared') return tried
  }
  return first
}

/** Where numbers let the server go on, and it stops at GROUP BY, so many of these readings are followed. */
const mostFurther = 3

function otherReadings(reading: Reading, sqlstate: string): readonly Reading[] {
  if (sqlstate === notGrouped) return withEquals(reading)
  return ambiguous.has(sqlstate) ? withNumbers(reading) : []
}

/** grouping_error */
const notGrouped = '42803'
/** undefined_function, ambiguous_function, datatype_mismatch: the server took a constant's place for text. */
const ambiguous = new Set(['42883', '42725', '42804'])

async function tryOne(session: Session, reading: Reading): Promise<Tried> {
  try {
    if (reading.sql.includes('\0')) return { kind: 'refused', refusal: holdsNul }
    if (otherCopy.test(reading.sql)) return { kind: 'refused', refusal: notRun }
    if (onlyRuns.test(reading.sql)) return { kind: 'prepared', reading, prepared: await runAndForget(session, reading.sql) }
    return { kind: 'prepared', reading, prepared: await session.prepare(reading.sql, reading.types) }
  } catch (error) {
    return { kind: 'refused', refusal: refusalOf(error) }
  }
}

/** The server looks at the table of these only when it runs them. */
const onlyRuns = /^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)*(?:truncate|copy)\b/i
/** It would touch files, or start programs. */
const otherCopy = /^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)*copy\b(?![^]*\b(?:from\s+stdin|to\s+stdout)\b)/i
const holdsNul: Refusal = { sqlstate: '22021', message: 'It holds a NUL byte' }
const notRun: Refusal = { sqlstate: '0A000', message: 'COPY from or to a file or a program is not tried' }
/** query_canceled: nobody sends the rows that COPY FROM STDIN waits for. It came so far, so it may. */
const noRows = '57014'

async function runAndForget(session: Session, sql: string): Promise<Prepared> {
  await session.script(['begin'])
  try {
    await session.script([sql])
  } catch (error) {
    if (refusalOf(error).sqlstate !== noRows) throw error
  } finally {
    await session.script(['rollback'])
  }
  return { parameters: [] }
}

function refused({ sqlstate, message }: Refusal): Preparation {
  return { kind: 'refused', sqlstate, message }
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((type, at) => type === other[at])
}

async function named(place: Place, { parameters, columns }: Prepared): Promise<Preparation> {
  const types = await namesOf(place, [
    ...parameters.map((type) => ({ type, modifier: -1 })),
    ...(columns ?? []).map(({ type, modifier }) => ({ type, modifier })),
  ])
  const shown = columns?.map(({ name }, at): ResultColumn => ({ name, type: types[parameters.length + at] ?? '' }))
  return { kind: 'prepared', parameters: types.slice(0, parameters.length), ...(shown !== undefined && { columns: shown }) }
}

interface Typed {
  readonly type: number
  readonly modifier: number
}

async function namesOf({ session, names }: Place, types: readonly Typed[]): Promise<readonly string[]> {
  const keyOf = ({ type, modifier }: Typed) => `${type} ${modifier}`
  const unknown = types.filter((type) => !names.has(keyOf(type)))
  if (unknown.length > 0) {
    const rows = await session.query('select t, m, format_type(t, m) as name from unnest($1::oid[], $2::int[]) as u(t, m)', [
      unknown.map(({ type }) => type),
      unknown.map(({ modifier }) => modifier),
    ])
    for (const row of rows) names.set(`${String(row['t'])} ${String(row['m'])}`, String(row['name']))
  }
  return types.map((type) => names.get(keyOf(type)) ?? '')
}
