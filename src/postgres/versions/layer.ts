import type { Catalog } from '../../model/catalog.ts'
import type { Hazard } from '../../model/hazard.ts'
import type { Step, UnusedGate } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import type { VersionAsked, VersionLayer, VersionViews } from '../../model/versions.ts'
import { byteLength, nameBytes } from '../../std/object-name.ts'
import { putRelation, removeRelation } from '../catalog-names.ts'
import { creationSchema } from '../names.ts'
import { whyNoView } from '../operations/_views.ts'
import { postgresDialect } from '../quote.ts'
import { catalogAfter, cleanup, writeSteps, type Draft } from '../rewrites/_step.ts'
import { shownAfter, type Shown } from './fold.ts'
import { versionSql } from './views.ts'

const { name: quoted } = postgresDialect

/** See docs/adr/0017: the views of each version stand over the tables, and hold their columns by number, so that no contract has to touch them. */
export const versionViews: VersionViews = { standing, without, onTables, layer, leaveTables }

function standing(catalog: Catalog, versions: readonly string[]): readonly string[] {
  const schemas = new Set([...catalog.relations.values()].map(({ schema }) => schema))
  return versions.map((version) => schemaFor(version, catalog)).filter((schema) => schemas.has(schema))
}

function schemaFor(version: string, catalog: Catalog): string {
  return `${creationSchema(catalog)}_${version}`
}

function without(catalog: Catalog, schemas: readonly string[]): Catalog {
  const views = new Set(viewsIn(catalog, schemas))
  const bare = [...views].reduce(removeRelation, catalog)
  const read = [...bare.relations].filter(([, { dependentViews }]) => dependentViews.some((view) => views.has(view)))
  return read.reduce((changed, [key, relation]) => {
    const dependentViews = relation.dependentViews.filter((view) => !views.has(view))
    return putRelation(changed, { ...relation, dependentViews }, key)
  }, bare)
}

function viewsIn({ relations }: Catalog, schemas: readonly string[]): readonly string[] {
  return [...relations].flatMap(([key, { schema, kind }]) => (kind === 'view' && schemas.includes(schema) ? [key] : []))
}

function onTables(catalog: Catalog, schemas: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const all = new Set(viewsIn(catalog, schemas))
  return new Map([...catalog.relations].map(([key, { dependentViews }]) => [key, dependentViews.filter((view) => all.has(view))]))
}

function layer(asked: VersionAsked, options: RewriteOptions): VersionLayer {
  const { physical, version, earlier } = asked
  const schema = schemaFor(version, physical)
  const bare = without(physical, earlier)
  const expanded = catalogAfter(asked.expand, bare)
  const tables = shownAfter(expanded, {
    schema: creationSchema(physical),
    contracts: asked.contracts,
    orders: ordersIn(physical, earlier.slice(-1)),
  })
  const views = viewsIn(physical, earlier)
  const place = { schema, version, tables, catalog: expanded }
  return {
    show: tables.length === 0 ? [] : writeSteps([showDraft(place)], expanded, options),
    schema,
    refused: refusals(place),
    gates: views.length === 0 ? [] : [earlierGate(earlier, views)],
    leave: views.length === 0 ? [] : writeSteps([leaveDraft(earlier, views)], physical, options),
  }
}

/** How the views in these schemas order the columns of each table. */
function ordersIn(catalog: Catalog, schemas: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const ordered = [...onTables(catalog, schemas)].flatMap(([table, [view = '']]) => {
    const columns = catalog.relations.get(view)?.columns.map(({ name }) => name)
    return columns === undefined ? [] : [[table, columns] as const]
  })
  return new Map(ordered)
}

interface Place {
  readonly schema: string
  readonly version: string
  readonly tables: readonly Shown[]
  readonly catalog: Catalog
}

function showDraft({ schema, version, tables, catalog }: Place): Draft {
  const views = tables.map(({ name }) => quoted(schema, name)).join(', ')
  return {
    kind: 'draft',
    id: `version-${version}`,
    title: `show version ${version} of the tables in the schema ${quoted(schema)}, for search_path`,
    phase: 'expand',
    sql: versionSql(tables, schema, catalog),
    undo: cleanup(`DROP VIEW IF EXISTS ${views}`, `DROP SCHEMA IF EXISTS ${quoted(schema)}`),
  }
}

function refusals({ schema, tables, catalog }: Place): readonly Hazard[] {
  const length = byteLength(schema)
  const isTooLong = `the schema of the version would be called ${schema}, which has ${length} bytes and may have ${nameBytes}`
  return [
    ...(length > nameBytes ? [refusal(isTooLong, 'Give the file a shorter version_schema, or a shorter name.')] : []),
    ...tables.flatMap(({ table, relation }) => {
      const why = whyNoView(relation, catalog)
      return why === undefined
        ? []
        : [refusal(`no view can stand for ${table}: ${why}`, 'Upgrade the server, or leave the table without row security.', table)]
    }),
  ]
}

function refusal(message: string, fix: string, relation?: string): Hazard {
  return { rule: 'no-version-view', severity: 'error', message, fix, breaksOldApp: false, ...(relation !== undefined && { relation }) }
}

/** That somebody reads through a view shows by its lock, for as long as his transaction lasts. */
function earlierGate(earlier: readonly string[], views: readonly string[]): UnusedGate {
  const what = `the schema${earlier.length === 1 ? '' : 's'} ${earlier.map((schema) => quoted(schema)).join(', ')}`
  return {
    kind: 'unused',
    relation: earlier.map((schema) => quoted(schema)).join(', '),
    title: `nobody uses ${what} any more: no lock on a view, no session of the old application, where that is named`,
    what,
    names: [],
    views,
  }
}

/** One statement for all views of it; what is gone already is in nobody's way. */
function leaveDraft(earlier: readonly string[], views: readonly string[]): Draft {
  const schemas = earlier.map((schema) => quoted(schema)).join(', ')
  return {
    kind: 'draft',
    id: `leave-${earlier.join('-')}`,
    title: `drop the schema${earlier.length === 1 ? '' : 's'} of the old version: ${schemas}`,
    phase: 'contract',
    sql: [`DROP VIEW IF EXISTS ${views.join(', ')}`, `DROP SCHEMA IF EXISTS ${schemas}`],
    undo: { kind: 'forward-only', why: `an application that has ${schemas} in its search_path fails from here on` },
  }
}

function leaveTables(
  tables: readonly string[],
  { physical, earlier }: Pick<VersionAsked, 'physical' | 'earlier'>,
  options: RewriteOptions,
): readonly Step[] {
  const on = onTables(physical, earlier)
  const views = [...new Set(tables.flatMap((table) => on.get(table) ?? []))]
  if (views.length === 0) return []
  const listed = views.toSorted().join(', ')
  const draft: Draft = {
    kind: 'draft',
    id: 'leave-views',
    title: `drop the old version's views of what changes: ${listed}`,
    phase: 'contract',
    sql: [`DROP VIEW IF EXISTS ${listed}`],
    undo: { kind: 'forward-only', why: `an application that uses ${listed} fails from here on` },
  }
  return writeSteps([draft], physical, options)
}
