import { beforeAll, expect, test } from 'vitest'
import type { Catalog, Column, Constraint, Index, Relation } from '../../src/model/catalog.ts'
import { readCatalog } from '../../src/postgres/catalog.ts'
import { emptyCatalog } from '../../src/postgres/empty-catalog.ts'
import { loadParser, parse } from '../../src/postgres/parse.ts'
import { simulate } from '../../src/postgres/simulate.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { moreScripts } from './simulate-more-scripts.ts'
import { plainScripts } from './simulate-scripts.ts'

beforeAll(() => loadParser())

forEachVersion('simulate', (version) => {
  for (const script of [...plainScripts, ...moreScripts].filter(({ since = 13 }) => since <= version)) {
    test(`foresees what the server does: ${script.title}`, async () => {
      await using database = await freshDatabase(version)
      const client = await database.client()
      const read = () => readCatalog(async (sql, values) => (await client.query(sql, values === undefined ? undefined : [...values])).rows)
      let before = await read()
      // Also from nothing: what simulate made must do as well for the next statement as what was read.
      let grown: Catalog = { ...emptyCatalog(before.server, 'public'), timeZone: before.timeZone }
      for (const statement of parse(Buffer.from(script.sql))) {
        const foreseen = simulate(statement, before)
        grown = simulate(statement, grown)
        await client.query(statement.sql)
        before = await read()
        expect(known(foreseen), statement.sql).toEqual(known(before))
        expect(known(grown), `from nothing: ${statement.sql}`).toEqual(known(before))
      }
    })
  }
})

/** What both know. Expressions keep the user's words in one and get the server's in the other: of them only that they are there. */
function known(catalog: Catalog) {
  return {
    searchPath: catalog.searchPath,
    timeZone: catalog.timeZone,
    types: Object.fromEntries(catalog.types),
    functions: Object.fromEntries(
      [...catalog.functions].map(([key, overloads]) => [key, overloads.map((one) => JSON.stringify(one)).toSorted()]),
    ),
    publications: (catalog.publications ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    relations: Object.fromEntries([...catalog.relations].map(([key, relation]) => [key, knownRelation(relation)])),
  }
}

function knownRelation({
  oid: _oid,
  owner: _owner,
  rows: _rows,
  bytes: _bytes,
  pages: _pages,
  analyzedAt: _analyzedAt,
  isNew: _isNew,
  partitionBound: _bound,
  ...relation
}: Relation) {
  return {
    ...relation,
    columns: relation.columns.map(knownColumn),
    constraints: relation.constraints.map(knownConstraint),
    indexes: relation.indexes.map(knownIndex),
  }
}

function knownColumn({ position: _position, default: text, type, ...column }: Column) {
  return { ...column, type: type === 'unknown' ? expect.any(String) : type, default: text !== undefined }
}

function knownConstraint(constraint: Constraint) {
  if (constraint.kind !== 'check' && constraint.kind !== 'exclude') return constraint
  const { definition: _definition, ...rest } = constraint
  return { ...rest, expression: true, columns: constraint.columns.toSorted() }
}

function knownIndex({ oid: _oid, bytes: _bytes, definition, columns, partial, mentions, ...index }: Index) {
  const plain = !partial && !columns.includes(undefined)
  return { ...index, columns, partial, mentions, definition: plain ? definition : definition.slice(0, definition.indexOf(' (')) }
}
