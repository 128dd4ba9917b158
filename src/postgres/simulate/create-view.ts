import type { Catalog, RelationKind } from '../../model/catalog.ts'
import { putRelation } from '../catalog-names.ts'
import { relationsIn } from '../tree.ts'
import { textsOf, type CreateTableAsStmt, type PgNode, type RangeVar, type ViewStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { createdWith } from './create-table.ts'
import { forgetView } from './drop-parts.ts'
import { each, edit, newRelation, sorted } from './edit.ts'
import { queryColumns, renamed } from './query-columns.ts'

export function createView(statement: ViewStmt, catalog: Catalog): Catalog {
  return create(catalog, {
    range: statement.view ?? {},
    kind: 'view',
    query: statement.query,
    aliases: textsOf(statement.aliases),
    replace: statement.replace === true,
  })
}

/** CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW. */
export function createTableAs(statement: CreateTableAsStmt, catalog: Catalog): Catalog {
  const kind = statement.objtype === 'OBJECT_MATVIEW' ? 'materialized-view' : 'table'
  return create(catalog, {
    range: statement.into?.rel ?? {},
    kind,
    query: statement.query,
    aliases: textsOf(statement.into?.colNames),
    replace: false,
  })
}

interface Creation {
  readonly range: RangeVar
  readonly kind: RelationKind
  readonly query: PgNode | undefined
  readonly aliases: readonly string[]
  readonly replace: boolean
}

function create(catalog: Catalog, { range, kind, query, aliases, replace }: Creation): Catalog {
  const { schema, name, ...traits } = createdWith(range, kind, catalog)
  const key = postgresDialect.name(schema, name)
  const before = catalog.relations.get(key)
  if (before !== undefined && !replace) return catalog
  const columns = renamed(queryColumns(query, catalog), aliases)
  const made = putRelation(forgetView(catalog, key), {
    ...(before ?? { ...newRelation({ schema, name }, kind), ...traits }),
    columns,
  })
  if (kind === 'table') return made
  return each(made, relationsIn(query, catalog), (changed, read) =>
    edit(changed, read, (relation) => ({ ...relation, dependentViews: sorted([...relation.dependentViews, key]) })),
  )
}
