import { readFileSync } from 'node:fs'
import type { Catalog } from '../../src/model/catalog.ts'
import type { LockMode } from '../../src/model/facts.ts'
import { emptyCatalog } from '../../src/postgres/empty-catalog.ts'
import { lockModeOf } from '../../src/postgres/lock-modes.ts'
import { parse } from '../../src/postgres/parse.ts'
import { simulate } from '../../src/postgres/simulate.ts'
import { settled } from './hazard-examples.ts'
import { formSetup, type Form } from './lock-forms.ts'

/** What a server did on one form; relations by canonical name. */
export interface Recorded {
  readonly locks: { readonly [relation: string]: LockMode }
  readonly rewrites: readonly string[]
  readonly builds: readonly string[]
  readonly scans: readonly string[]
}

interface Group extends Recorded {
  readonly versions: readonly number[]
}

const matrix = groupsIn('../../docs/lock-matrix.jsonl') as ReadonlyMap<string, readonly Group[]>

/** What `npm run probe` wrote down of our own servers. */
export function recordedOf({ id }: Form, version: number): Recorded | undefined {
  return matrix.get(id)?.find(({ versions }) => versions.includes(version))
}

interface FirstGroup {
  readonly versions: readonly number[]
  readonly err?: string
  readonly locks?: { readonly [relation: string]: string }
  readonly rewrote?: readonly string[]
  readonly scanned?: readonly string[]
}

const firstMatrix = groupsIn('../cases/facts/first-matrix.jsonl') as ReadonlyMap<string, readonly FirstGroup[]>

/**
 * What was measured before this project began, by other means: a second witness. Its names have no schema, and it says `scanned` of what
 * is read without being rewritten.
 */
export function firstRecordedOf({ id }: Form, version: number): Omit<Recorded, 'builds'> | undefined {
  const group = firstMatrix.get(id)?.find(({ versions }) => versions.includes(version))
  if (group?.locks === undefined) return undefined
  const { rewrote = [], scanned = [] } = group
  const locks = Object.entries(group.locks).flatMap(([name, mode]) => {
    const full = lockModeOf(`${mode}Lock`)
    return full === undefined ? [] : [[inSchema(name), full] as const]
  })
  const rewrites = rewrote.map(inSchema)
  const scans = scanned.map((text) => inSchema(text.replace(/:\d+$/, '')))
  return { locks: Object.fromEntries(locks), rewrites, scans: [...new Set([...scans, ...rewrites])] }
}

function inSchema(name: string): string {
  return name.includes('.') ? name : `p.${name}`
}

/** The groups of each form, by its id. */
function groupsIn(file: string): ReadonlyMap<string, unknown> {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8')
    .trim()
    .split('\n')
  return new Map(
    lines.map((line) => {
      const { id, groups } = JSON.parse(line) as { readonly id: string; readonly groups: unknown }
      return [id, groups]
    }),
  )
}

const grown = new Map<string, Catalog>()

/** The catalog that a form finds, made without a server. Needs the parser to be loaded. */
export function catalogFor({ setup, session }: Form, version: number): Catalog {
  const empty: Catalog = { ...emptyCatalog({ flavor: 'postgresql', version }, 'public'), knowledge: 'whole' }
  const key = `${version} ${setup ?? ''}`
  const base = grown.get(key) ?? settled(grow(grow(empty, formSetup), setup ?? ''))
  grown.set(key, base)
  return grow(base, session ?? '')
}

function grow(catalog: Catalog, sql: string): Catalog {
  return parse(Buffer.from(sql)).reduce((before, statement) => simulate(statement, before), catalog)
}
