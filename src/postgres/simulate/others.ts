import type { Catalog, Publication } from '../../model/catalog.ts'
import { PersistentMap } from '../../std/persistent-map.ts'
import { putRelation } from '../catalog-names.ts'
import { nameParts, optionOf } from '../tree.ts'
import { creationSchema, relationKey } from '../names.ts'
import type {
  AlterOwnerStmt,
  AlterPublicationStmt,
  AlterSeqStmt,
  CreateExtensionStmt,
  CreatePublicationStmt,
  CreateSeqStmt,
  CreateTrigStmt,
  PgNode,
} from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { createdWith } from './create-table.ts'
import { each, eachBelow, edit, newRelation, sorted, without } from './edit.ts'
import { extensions } from './extensions.ts'

export function createSequence(statement: CreateSeqStmt, catalog: Catalog): Catalog {
  const { schema, name } = createdWith(statement.sequence ?? {}, 'sequence', catalog)
  const key = postgresDialect.name(schema, name)
  if (catalog.relations.has(key)) return catalog
  return setOwner(putRelation(catalog, newRelation({ schema, name }, 'sequence')), key, statement.options)
}

export function alterSequence(statement: AlterSeqStmt, catalog: Catalog): Catalog {
  return setOwner(catalog, relationKey(statement.sequence ?? {}, catalog), statement.options)
}

/** OWNED BY table.column, or NONE. */
function setOwner(catalog: Catalog, key: string, options: readonly PgNode[] | undefined): Catalog {
  const option = (options ?? []).flatMap((node) => ('DefElem' in node && node.DefElem.defname === 'owned_by' ? [node.DefElem.arg] : []))[0]
  const parts = nameParts(option)
  const column = parts.at(-1)
  if (column === undefined) return catalog
  if (parts.length === 1) return edit(catalog, key, (relation) => without(relation, 'ownedBy'))
  return edit(catalog, key, (relation) => ({ ...relation, ownedBy: { relation: relationKey(parts.slice(0, -1), catalog), column } }))
}

/** A row trigger of a partitioned table fires, and stands, in each partition. */
export function createTrigger(statement: CreateTrigStmt, catalog: Catalog): Catalog {
  const key = relationKey(statement.relation ?? {}, catalog)
  const name = statement.trigname ?? ''
  const put = (changed: Catalog, each: string) =>
    edit(changed, each, (relation) => ({ ...relation, triggers: sorted([...relation.triggers, name]) }))
  return statement.row === true && catalog.relations.get(key)?.kind === 'partitioned' ? eachBelow(catalog, key, put) : put(catalog, key)
}

export function createPublication(statement: CreatePublicationStmt, catalog: Catalog): Catalog {
  const name = statement.pubname ?? ''
  const objects = objectsOf(statement.pubobjects, catalog)
  const allTables = statement.for_all_tables === true
  const made = { name, allTables, schemas: objects.schemas, ...passedOn(statement.options) }
  const known = { ...catalog, publications: [...(catalog.publications ?? []), made] }
  return publish(known, name, { ...objects, allTables })
}

export function alterPublication(statement: AlterPublicationStmt, catalog: Catalog): Catalog {
  const name = statement.pubname ?? ''
  const objects = objectsOf(statement.pubobjects, catalog)
  if (optionOf(statement.options, 'publish') !== undefined) return changePublication(catalog, name, statement.options)
  if (statement.action === 'AP_DropObjects') return unpublish(catalog, name, objects.tables)
  const cleared = statement.action === 'AP_SetObjects' ? unpublish(catalog, name, [...catalog.relations.keys()]) : catalog
  return publish(cleared, name, { ...objects, allTables: false })
}

function changePublication(catalog: Catalog, name: string, options: readonly PgNode[] | undefined): Catalog {
  const publications = (catalog.publications ?? []).map((one) =>
    one.name === name ? { ...without(one, 'insertsOnly'), ...passedOn(options) } : one,
  )
  return { ...catalog, publications }
}

function passedOn(options: readonly PgNode[] | undefined): Pick<Publication, 'insertsOnly'> {
  const publish = optionOf(options, 'publish')
  return typeof publish === 'string' && !/update|delete/.test(publish) ? { insertsOnly: true } : {}
}

interface Published {
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
}

function objectsOf(nodes: readonly PgNode[] | undefined, catalog: Catalog): Published {
  const specs = (nodes ?? []).flatMap((node) => ('PublicationObjSpec' in node ? [node.PublicationObjSpec] : []))
  const tables = specs.flatMap(({ pubtable }) => (pubtable?.relation === undefined ? [] : [relationKey(pubtable.relation, catalog)]))
  const schemas = specs.flatMap(({ pubobjtype, name }) =>
    pubobjtype === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA' && name !== undefined ? [name] : [],
  )
  return { tables, schemas }
}

function publish(catalog: Catalog, name: string, { tables, schemas, allTables }: Published & { readonly allTables: boolean }): Catalog {
  const named =
    allTables || schemas.length > 0
      ? [...catalog.relations]
          .filter(
            ([, { schema, kind }]) =>
              (kind === 'table' || kind === 'partitioned') && schema !== 'pg_temp' && (allTables || schemas.includes(schema)),
          )
          .map(([key]) => key)
      : []
  const put = (changed: Catalog, key: string) =>
    edit(changed, key, (relation) => ({ ...relation, publications: sorted([...relation.publications, name]) }))
  const below = (changed: Catalog, key: string) =>
    changed.relations.get(key)?.kind === 'partitioned' ? eachBelow(changed, key, put) : put(changed, key)
  return each(each(catalog, named, put), tables, below)
}

function unpublish(catalog: Catalog, name: string, keys: readonly string[]): Catalog {
  return each(catalog, keys, (changed, key) =>
    changed.relations.get(key)?.publications.includes(name) === true
      ? eachBelow(changed, key, (inner, below) =>
          edit(inner, below, (relation) => ({ ...relation, publications: relation.publications.filter((each) => each !== name) })),
        )
      : changed,
  )
}

/** The types and functions of the extensions that migrations create most. */
export function createExtension(statement: CreateExtensionStmt, catalog: Catalog): Catalog {
  const found = extensions[statement.extname ?? '']
  if (found === undefined) return catalog
  const option = optionOf(statement.options, 'schema')
  const schema = typeof option === 'string' ? option : creationSchema(catalog)
  const key = (name: string) => postgresDialect.name(schema, name)
  const types = (found.types ?? []).map((name) => [key(name), { kind: 'other' }] as const)
  const functions = Object.entries(found.functions ?? {}).map(([name, volatility]) => [key(name), [{ volatility, language: 'c' }]] as const)
  return {
    ...catalog,
    types: PersistentMap.from([...catalog.types, ...types]),
    functions: functions.reduce((map, [name, overloads]) => map.with(name, overloads), PersistentMap.from(catalog.functions)),
  }
}

export function changeOwner({ relation, newowner }: AlterOwnerStmt, catalog: Catalog): Catalog {
  const owner = newowner?.rolename
  return relation === undefined || owner === undefined
    ? catalog
    : edit(catalog, relationKey(relation, catalog), (old) => ({ ...old, owner }))
}
