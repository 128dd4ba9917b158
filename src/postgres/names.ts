import type { Catalog, FunctionInfo, NamedType, Relation } from '../model/catalog.ts'
import { tableOfIndex } from './catalog-names.ts'
import { textsOf, type PgNode, type RangeVar } from './node.ts'
import { builtinOverloads } from './builtins.ts'
import { postgresDialect } from './quote.ts'

/** A name as the tree holds it: a RangeVar, a list of String nodes, or its parts in order. */
export type NameSource = RangeVar | readonly PgNode[] | readonly string[]

export interface QualifiedName {
  /** Absent where the text gives none. `pg_temp` stands for the session's own temporary schema. */
  readonly schema?: string
  readonly name: string
}

/** Schema and name; a database part in front of them is dropped. */
export function qualifiedName(source: NameSource): QualifiedName {
  const parts = partsOf(source)
  const [name, schema] = [parts.at(-1) ?? '', parts.at(-2)]
  return schema === undefined || schema === '' ? { name } : { schema: plainSchema(schema), name }
}

/** Canonical name of a relation: where it is found along the search path, else where it would be created. */
export function relationKey(source: NameSource, catalog: Catalog): string {
  return lookUp(source, catalog, (key) => catalog.relations.has(key)) ?? unknownKey(qualifiedName(source), catalog)
}

/** Canonical name under which CREATE would put a relation, type or function of this name. */
export function creationKey(source: NameSource, catalog: Catalog): string {
  const { schema, name } = qualifiedName(source)
  const temporary = 'relpersistence' in source && source.relpersistence === 't'
  return postgresDialect.name(temporary ? 'pg_temp' : (schema ?? creationSchema(catalog)), name)
}

/** The first schema of the search path; `public` where it is empty. */
export function creationSchema(catalog: Catalog): string {
  return catalog.searchPath.find((schema) => schema !== 'pg_catalog') ?? 'public'
}

export function findRelation(source: NameSource, catalog: Catalog): Relation | undefined {
  return catalog.relations.get(relationKey(source, catalog))
}

export interface FoundIndex {
  /** Canonical name of the table. */
  readonly relation: string
  readonly name: string
}

/** The table that an index belongs to; the first schema of the search path that has such an index. */
export function findIndex(source: NameSource, catalog: Catalog): FoundIndex | undefined {
  const { name } = qualifiedName(source)
  for (const schema of schemasOf(source, catalog)) {
    const relation = tableOfIndex(catalog, schema, name)
    if (relation !== undefined) return { relation, name }
  }
  return undefined
}

/** Canonical name and definition of a user's type (a table's row type included); undefined for the server's own and for unknown ones. */
export function findType(source: NameSource, catalog: Catalog): { readonly key: string; readonly type: NamedType } | undefined {
  const key = lookUp(source, catalog, (candidate) => catalog.types.has(candidate) || catalog.relations.has(candidate))
  return key === undefined ? undefined : { key, type: catalog.types.get(key) ?? { kind: 'other' } }
}

/** All overloads of a function under its canonical name; undefined where no schema of the search path has one that the catalog knows. */
export function findFunction(
  source: NameSource,
  catalog: Catalog,
): { readonly key: string; readonly overloads: readonly FunctionInfo[] } | undefined {
  const overloadsOf = (key: string) => catalog.functions.get(key) ?? builtinOverloads(key, catalog.server.version)
  const key = lookUp(source, catalog, (candidate) => overloadsOf(candidate) !== undefined)
  return key === undefined ? undefined : { key, overloads: overloadsOf(key) ?? [] }
}

function partsOf(source: NameSource): readonly string[] {
  if (!isList(source)) return source.schemaname === undefined ? [source.relname ?? ''] : [source.schemaname, source.relname ?? '']
  return source.flatMap((part) => (typeof part === 'string' ? [part] : textsOf([part])))
}

function isList(source: NameSource): source is readonly PgNode[] | readonly string[] {
  return Array.isArray(source)
}

function plainSchema(schema: string): string {
  return /^pg_temp(_\d+)?$/.test(schema) ? 'pg_temp' : schema
}

function lookUp(source: NameSource, catalog: Catalog, has: (key: string) => boolean): string | undefined {
  const { name } = qualifiedName(source)
  for (const schema of schemasOf(source, catalog)) {
    const key = postgresDialect.name(schema, name)
    if (has(key)) return key
  }
  return undefined
}

// The server looks into the temporary schema and pg_catalog first, unless the path names them elsewhere.
function schemasOf(source: NameSource, catalog: Catalog): readonly string[] {
  const { schema } = qualifiedName(source)
  if (schema !== undefined) return [schema]
  return withImplied(catalog.searchPath)
}

const fullPaths = new WeakMap<readonly string[], readonly string[]>()

function withImplied(path: readonly string[]): readonly string[] {
  const known = fullPaths.get(path)
  if (known !== undefined) return known
  const full = [...['pg_temp', 'pg_catalog'].filter((implied) => !path.includes(implied)), ...path]
  fullPaths.set(path, full)
  return full
}

// Nobody's migration creates relations named pg_...: those that the catalog does not hold are the server's own.
function unknownKey({ schema, name }: QualifiedName, catalog: Catalog): string {
  const implied = name.startsWith('pg_') && catalog.knowledge === 'whole' ? 'pg_catalog' : creationSchema(catalog)
  return postgresDialect.name(schema ?? implied, name)
}
