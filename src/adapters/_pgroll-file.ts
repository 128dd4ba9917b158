import type { Dialect } from '../model/dialect.ts'
import type { Migration, RecordedStatement } from '../model/migration.ts'
import { present } from '../std/present.ts'
import { unreadable } from './_files.ts'
import { parseJson } from './_json.ts'
import { operations, readFields, type Fault, type Fields, type Operation, type OperationName } from './_pgroll-fields.ts'
import { faultOf } from './_pgroll-limits.ts'
import { operationSql } from './_pgroll-sql.ts'
import { valuesOf, type Place } from './_pgroll-values.ts'
import { parseYaml, type Yaml } from './_yaml.ts'

/** What a file of pgroll says. */
export interface PgrollFile {
  readonly statements: readonly RecordedStatement[]
  readonly transaction: Migration['transaction']
  /** Absent: the file's name. */
  readonly version?: string
  /** As pgroll keeps it in its own table: JSON text. */
  readonly stored: string
}

/** Reads one file; throws `source-unreadable` that names file, line and operation. */
export function readPgroll(source: { readonly file: string; readonly text: string }, dialect: Dialect): PgrollFile {
  const { file, text } = source
  if (file.endsWith('.json')) parseJson(file, text)
  const document = { file, ...parseYaml(file, text) }
  const { list, version } = migrationIn(document)
  const found = list.map((value, at) => readOperation(document, value, { at, isAlone: list.length === 1 }))
  return {
    statements: found.flatMap((operation, at) =>
      statementsOf(dialect, operation, { file, line: document.lineOf(['operations', at]) ?? 1 }),
    ),
    transaction: isScript(found) ? 'file' : 'none',
    ...present({ version }),
    stored: JSON.stringify({ ...(version === undefined ? {} : { version_schema: version }), operations: list }),
  }
}

type Source = Yaml & { readonly file: string }

// `name` is what older versions of pgroll wrote; the file's name counts. `$schema` is for editors.
const known = ['version_schema', 'operations', 'name', '$schema']

function migrationIn({ file, value, lineOf }: Source): { readonly list: readonly unknown[]; readonly version?: string } {
  if (!isObject(value)) throw unreadable({ file, line: 1 }, 'is no migration of pgroll: it has no operations')
  const stranger = Object.keys(value).find((key) => !known.includes(key))
  if (stranger !== undefined) throw unreadable({ file, line: lineOf([stranger]) }, `has ${stranger}, which pgroll does not know`)
  const { operations: list, version_schema: version } = value
  if (!Array.isArray(list)) throw unreadable({ file, line: lineOf(['operations']) }, 'has no list of operations')
  if (version !== undefined && typeof version !== 'string')
    throw unreadable({ file, line: lineOf(['version_schema']) }, 'has a version_schema that is no text')
  return version === undefined ? { list } : { list, version }
}

interface Position {
  readonly at: number
  readonly isAlone: boolean
}

function readOperation(source: Source, value: unknown, { at, isAlone }: Position): Operation {
  const name = nameOf(source, value, at)
  const operation = readFields(name, (value as { readonly [key: string]: unknown })[name])
  if ('what' in operation) throw faulty(source, operation, { name, at })
  const fault = faultOf(operation, isAlone)
  if (fault !== undefined) throw faulty(source, fault, { name, at })
  return operation
}

function nameOf({ file, lineOf }: Source, value: unknown, at: number): OperationName {
  const place = { file, line: lineOf(['operations', at]) }
  const keys = isObject(value) ? Object.keys(value) : []
  const [key] = keys
  if (key === undefined) throw unreadable(place, `has no operation in place ${at + 1}`)
  if (keys.length > 1)
    throw unreadable(place, `has several operations in one: ${keys.join(', ')}`, { hint: 'Make each an entry of its own.' })
  if (!(key in operations)) throw unreadable(place, `has the operation ${key}, which pgroll does not know`)
  return key as OperationName
}

function faulty({ file, lineOf }: Source, { path, what }: Fault, { name, at }: { readonly name: string; readonly at: number }): Error {
  const field = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  return unreadable({ file, line: lineOf(['operations', at, name, ...path]) }, `cannot be run: ${name}${field} ${what}`)
}

function statementsOf(dialect: Dialect, operation: Operation, place: Place): readonly RecordedStatement[] {
  const texts = operationSql(dialect, operation)
  const values = valuesOf(operation, place)
  return texts.map((sql, at) => ({
    sql,
    parameters: [],
    line: place.line,
    ...(sql.startsWith('UPDATE ') && operation.name !== 'sql' && { fills: true }),
    ...(at === 0 && values.length > 0 && { given: { values, covers: texts.length } }),
    ...(operation.name === 'sql' && scriptOf(operation.fields)),
  }))
}

function scriptOf({ down = '', onComplete = false }: Fields<'sql'>): Pick<RecordedStatement, 'atContract' | 'undo'> {
  return { ...(onComplete && { atContract: true }), ...(down !== '' && { undo: down }) }
}

/** pgroll sends a script in one message, which is one transaction. All else it does statement by statement. */
function isScript([first, second]: readonly Operation[]): boolean {
  return first?.name === 'sql' && second === undefined && !/\b(?:CONCURRENTLY|VACUUM)\b/i.test(first.fields.up)
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
