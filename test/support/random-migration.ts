import fc from 'fast-check'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { clip } from '../../src/std/object-name.ts'
import type { ColumnName } from './snapshot.ts'

const { name: quoted, literal } = postgresDialect

/** A schema with rows, and a migration of it. */
export interface RandomMigration {
  readonly setup: string
  readonly migration: string
  /** Filled by a volatile function. */
  readonly volatile: readonly ColumnName[]
}

interface Column {
  readonly name: string
  readonly type: string
  /** SQL over the row number i, which begins at 1. */
  readonly value: string
  nullable: boolean
  readonly unique: boolean
}

interface Table {
  readonly schema: string
  readonly name: string
  readonly columns: Column[]
  readonly indexes: string[]
  readonly key: boolean
  readonly isNew: boolean
}

interface Choice {
  readonly kind: number
  readonly a: number
  readonly b: number
  readonly c: number
}

interface State {
  readonly tables: Table[]
  readonly volatile: ColumnName[]
  /** For names that no earlier one has. */
  made: number
}

const longName = `${'long_name_'.repeat(6)}xyz`
const names = [
  'orders',
  'Order',
  'user',
  'a b',
  'quo"te',
  "it's",
  'größe',
  '表',
  'select',
  longName,
  `${'é'.repeat(31)}x`,
  'x.y',
  'semi;colon',
  '$1',
  'back\\slash',
  '{leaf}',
]
const types: readonly { readonly type: string; readonly value: string; readonly constant: string; readonly volatile?: string }[] = [
  { type: 'integer', value: 'i', constant: '7', volatile: '(random() * 1000)::int' },
  { type: 'bigint', value: 'i * 3', constant: '8' },
  { type: 'text', value: "'t' || i", constant: "'x;y''z'", volatile: 'md5(random()::text)' },
  { type: 'varchar(40)', value: "'v' || i", constant: "'v'" },
  { type: 'boolean', value: 'i % 2 = 0', constant: 'true' },
  { type: 'numeric(12,2)', value: 'i * 1.5', constant: '1.50' },
  {
    type: 'uuid',
    value: "('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid",
    constant: "'00000000-0000-0000-0000-000000000000'",
    volatile: 'gen_random_uuid()',
  },
  { type: 'timestamp(3)', value: "timestamp '2024-01-01' + i * interval '1 minute'", constant: "'2024-01-01'" },
  { type: 'jsonb', value: "jsonb_build_object('i', i)", constant: "'{}'" },
]

const choice = fc.record({ kind: fc.nat(10_000), a: fc.nat(10_000), b: fc.nat(10_000), c: fc.nat(10_000) })

/** Tables with awkward names and a migration of changes that each make sense on what the earlier ones left. */
export const randomMigration: fc.Arbitrary<RandomMigration> = fc
  .record({
    tableNames: fc.uniqueArray(fc.constantFrom(...names), { minLength: 2, maxLength: 3 }),
    schema: fc.constantFrom('public', 'Other Schema', 'app'),
    columns: fc.array(choice, { minLength: 4, maxLength: 9 }),
    rows: fc.constantFrom(0, 3, 120),
    keys: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    changes: fc.array(choice, { minLength: 1, maxLength: 5 }),
    merged: fc.boolean(),
  })
  .map((seed) => {
    const tables = seed.tableNames.map((name, at): Table => ({
      schema: seed.schema,
      name,
      columns: [],
      indexes: [],
      key: at === 0 || seed.keys[at] === true,
      isNew: false,
    }))
    for (const [at, { a, b, c }] of seed.columns.entries()) addTo(tables[at % tables.length], { a, b, c })
    const setup = [`CREATE SCHEMA IF NOT EXISTS ${quoted(seed.schema)}`, ...tables.flatMap((table) => createText(table, seed.rows))].join(
      ';\n',
    )
    const state: State = { tables, volatile: [], made: 0 }
    const statements = seed.changes.flatMap((change) => changeText(state, change))
    return {
      setup,
      migration: (seed.merged ? mergeAlters(statements) : statements).map((sql) => `${sql};`).join('\n'),
      volatile: state.volatile,
    }
  })

function addTo(table: Table | undefined, { a, b, c }: Pick<Choice, 'a' | 'b' | 'c'>): void {
  const name = names[a % names.length] ?? 'c'
  const type = types[b % types.length]
  if (table === undefined || type === undefined || table.columns.some((column) => column.name === name)) return
  const unique = c % 3 === 0 && type.type !== 'boolean'
  table.columns.push({ name, type: type.type, value: type.value, nullable: c % 4 !== 0, unique })
}

function createText(table: Table, rows: number): readonly string[] {
  const columns = table.columns.map(({ name, type, nullable }) => `, ${quoted(name)} ${type}${nullable ? '' : ' NOT NULL'}`)
  // No NULLs: as written, SET NOT NULL would fail on them. Those that a default fills have tests of their own.
  const values = table.columns.map(({ value }) => `, ${value}`)
  return [
    `CREATE TABLE ${key(table)} (pk int NOT NULL${table.key ? ' PRIMARY KEY' : ''}, ref int${columns.join('')})`,
    `INSERT INTO ${key(table)} SELECT i, CASE WHEN i % 5 = 0 THEN NULL ELSE 1 + i % greatest(${rows} / 2, 1) END${values.join('')} FROM generate_series(1, ${rows}) AS i`,
    ...table.columns
      .slice(0, 1)
      .filter(({ type }) => type !== 'jsonb')
      .map(({ name }) => {
        table.indexes.push(clip(`i ${table.name}`, 63))
        return `CREATE INDEX ${quoted(clip(`i ${table.name}`, 63))} ON ${key(table)} (${quoted(name)})`
      }),
  ]
}

function key(table: Table): string {
  return quoted(table.schema, table.name)
}

function changeText(state: State, change: Choice): readonly string[] {
  const table = state.tables[change.a % state.tables.length]
  const make = changes[change.kind % changes.length]
  return table === undefined || make === undefined ? [] : make(state, table, change)
}

type Change = (state: State, table: Table, choice: Choice) => readonly string[]

const pick = (table: Table, { b }: Choice): Column | undefined => table.columns[b % Math.max(1, table.columns.length)]
const fresh = (state: State, base: string): string => `${base.slice(0, 12)}${(state.made += 1)}`

const addColumn: Change = (state, table, { b, c }) => {
  const type = types[b % types.length]
  if (type === undefined) return []
  const name = fresh(state, names[c % names.length] ?? 'c')
  const forms = [
    '',
    ` DEFAULT ${type.constant}`,
    ` NOT NULL DEFAULT ${type.constant}`,
    ...(type.volatile === undefined || !table.key ? [] : [` DEFAULT ${type.volatile}`, ` NOT NULL DEFAULT ${type.volatile}`]),
  ]
  const form = forms[c % forms.length] ?? ''
  if (type.volatile !== undefined && form.endsWith(type.volatile)) state.volatile.push({ table: table.name, column: name })
  table.columns.push({ name, type: type.type, value: '', nullable: !form.includes('NOT NULL'), unique: false })
  const check = c % 2 === 0 ? ` CHECK (${quoted(name)} IS DISTINCT FROM ${type.constant} OR true)` : ''
  return [`ALTER TABLE ${key(table)} ADD COLUMN ${quoted(name)} ${type.type}${form}${form === '' || type.type === 'jsonb' ? '' : check}`]
}

const addNumber: Change = (state, table, { c }) => {
  const name = fresh(state, names[c % names.length] ?? 'n')
  const forms = [
    'bigserial',
    'serial UNIQUE',
    'integer GENERATED ALWAYS AS IDENTITY',
    'bigint GENERATED BY DEFAULT AS IDENTITY (START 5 INCREMENT 5)',
  ]
  state.volatile.push({ table: table.name, column: name })
  table.columns.push({ name, type: 'number', value: '', nullable: false, unique: false })
  return [`ALTER TABLE ${key(table)} ADD COLUMN ${quoted(name)} ${forms[c % forms.length]}`]
}

const setNotNull: Change = (_, table, choice) => {
  const column = pick(table, choice)
  if (column === undefined || !column.nullable || column.value === '') return []
  column.nullable = false
  const constant = types.find(({ type }) => type === column.type)?.constant ?? 'NULL'
  const set = `ALTER TABLE ${key(table)} ALTER COLUMN ${quoted(column.name)} SET NOT NULL`
  const given = `ALTER TABLE ${key(table)} ALTER COLUMN ${quoted(column.name)} SET DEFAULT ${constant}`
  return [[set], [set, given], [given, set]][choice.c % 3] ?? []
}

const createIndex: Change = (state, table, choice) => {
  const column = pick(table, choice)
  if (column === undefined || column.type === 'jsonb') return []
  const name = choice.c % 2 === 0 ? '' : ` ${quoted(fresh(state, 'Idx '))}`
  const unique = column.unique && column.value !== '' ? 'UNIQUE ' : ''
  const where = choice.c % 3 === 0 ? ` WHERE ${quoted(column.name)} IS NOT NULL` : ''
  return [`CREATE ${unique}INDEX${name} ON ${key(table)} (${quoted(column.name)}, pk)${where}`]
}

const dropIndex: Change = (_, table) => {
  const index = table.indexes.pop()
  return index === undefined ? [] : [`DROP INDEX ${quoted(table.schema, index)}`]
}

const addCheck: Change = (state, table, choice) => {
  const column = pick(table, choice)
  const name = choice.c % 2 === 0 ? '' : `CONSTRAINT ${quoted(fresh(state, 'Check "x" '))} `
  const body = column === undefined ? 'pk > 0' : `${quoted(column.name)}::text <> 'no)' OR ${quoted(column.name)} IS NULL`
  return [`ALTER TABLE ${key(table)} ADD ${name}CHECK (${body})`]
}

const addUnique: Change = (state, table, choice) => {
  const column = table.columns.find(({ unique, value, type }) => unique && value !== '' && type !== 'jsonb')
  const name = choice.c % 2 === 0 ? '' : `CONSTRAINT ${quoted(fresh(state, 'Uq '))} `
  return column === undefined
    ? []
    : [`ALTER TABLE ${key(table)} ADD ${name}UNIQUE (${quoted(column.name)})${choice.c % 3 === 0 ? ' DEFERRABLE' : ''}`]
}

const addForeignKey: Change = (state, table, { c }) => {
  const [parent] = state.tables
  const name = c % 2 === 0 ? '' : `CONSTRAINT ${quoted(fresh(state, 'fk'))} `
  return parent === undefined
    ? []
    : [`ALTER TABLE ${key(table)} ADD ${name}FOREIGN KEY (ref) REFERENCES ${key(parent)} (pk)${c % 3 === 0 ? ' ON DELETE CASCADE' : ''}`]
}

const addPrimaryKey: Change = (_, table) => {
  if (table.key) return []
  Object.assign(table, { key: true })
  return [`ALTER TABLE ${key(table)} ADD PRIMARY KEY (pk)`]
}

const update: Change = (_, table, choice) => {
  const column = pick(table, choice)
  const constant = types.find(({ type }) => type === column?.type)?.constant
  if (column === undefined || column.unique || constant === undefined) return []
  return [
    `UPDATE ${key(table)} SET ${quoted(column.name)} = ${constant} WHERE ${choice.c % 2 === 0 ? `${quoted(column.name)} IS NULL` : `pk > ${choice.c % 50}`}`,
  ]
}

const createTable: Change = (state, table, { b }) => {
  const name = fresh(state, names[b % names.length] ?? 't')
  state.tables.push({ schema: table.schema, name, columns: [], indexes: [], key: true, isNew: true })
  const parent = state.tables[0]
  const refers = parent === undefined || b % 2 === 0 ? '' : ` REFERENCES ${key(parent)} (pk)`
  return [`CREATE TABLE ${quoted(table.schema, name)} (pk int PRIMARY KEY, ref int${refers}, note text DEFAULT ${literal(name)})`]
}

const changes: readonly Change[] = [
  addColumn,
  addColumn,
  addNumber,
  setNotNull,
  createIndex,
  dropIndex,
  addCheck,
  addUnique,
  addForeignKey,
  addPrimaryKey,
  update,
  createTable,
]

/** Consecutive ALTERs of one table as one with several actions, as ORMs write them. */
function mergeAlters(statements: readonly string[]): readonly string[] {
  const merged: string[] = []
  let open: string | undefined
  for (const sql of statements) {
    const action = /^(ALTER TABLE .*?) ((?:ADD|ALTER) .*)$/s.exec(sql)
    const last = merged.length - 1
    if (action?.[1] !== undefined && action[1] === open) merged[last] = `${merged[last] ?? ''},\n  ${action[2] ?? ''}`
    else merged.push(sql)
    open = action?.[1]
  }
  return merged
}
