import type { Catalog, Column } from '../../model/catalog.ts'
import type { Hazard, HazardRule, Judged } from '../../model/hazard.ts'
import { valueFor } from '../../model/up-down.ts'
import { shapeOfNode, shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, columnOf, type Found, type Input } from './_input.ts'
import { oncePer } from './_transaction.ts'

const { name: quoted } = postgresDialect

/** A rename or a change of type was written as drop and add. */
export const dropAndAddColumn: HazardRule<PgNode, Topic> = {
  id: 'drop-and-add-column',
  group: 'data-loss',
  title: 'A rename or a change of type was written as drop and add',
  why: 'ORMs that cannot tell a renamed column from another one drop the old column and add a new one: the data is gone.',
  source: 'https://www.prisma.io/docs/orm/prisma-migrate/workflows/customizing-migrations#rename-a-field',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t drop column b, add column b int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t add column name text; alter table t drop column b',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t drop column b, add column name text',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t drop column b; alter table t add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column name text',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column b; alter table t add column name text',
    ],
  },
  on: ['AT_DropColumn', 'AT_AddColumn'],
  detect(input) {
    const here = dropsIn(input).flatMap((drop) => hazardOf(drop, nameOf(meantBy(drop, around(input, drop.key), input.before))))
    return [...here, ...addsIn(input).flatMap((add) => lateHazard(add, input))]
  },
}

/** Each in a transaction of its own: the drop was judged before the other one was seen. */
function lateHazard(add: Found, input: Input): readonly Hazard[] {
  const { dropped } = earlierOn(input, add.key)
  if (dropped.length === 0) return []
  const { added } = around(input, add.key)
  const drop = dropped.find((each) => meantBy(each, { dropped, added }, input.before)?.command === add.command)
  return drop === undefined ? [] : hazardOf(drop, nameOf(add))
}

interface Drop {
  readonly key: string
  readonly lost: Column
}

function dropsIn(judged: Judged<PgNode>): readonly Drop[] {
  return actionsOf(judged, 'AT_DropColumn').flatMap((found) => {
    const lost = columnOf(found, found.command.name)
    return lost === undefined || valueFor(judged.upDown, 'down', lost.name) !== undefined ? [] : [{ key: found.key, lost }]
  })
}

/** Of what the user says what it holds nothing is lost by mistake. */
function addsIn(judged: Judged<PgNode>): readonly Found[] {
  return actionsOf(judged, 'AT_AddColumn').filter((add) => valueFor(judged.upDown, 'up', nameOf(add) ?? '') === undefined)
}

/** The columns of one table that go and come. */
interface Changes {
  readonly dropped: readonly Drop[]
  readonly added: readonly Found[]
}

/** In the whole transaction, and in those of the migration that come before it. */
function around(input: Input, key: string): Changes {
  return joined([earlierOn(input, key), ...(changesIn(input.transaction).get(key) ?? [])])
}

function earlierOn({ migration, start = 0 }: Input, key: string): Changes {
  const all = migration === undefined ? [] : (changesIn(migration).get(key) ?? [])
  return joined(all.filter(({ place }) => place < start))
}

function joined(changes: readonly Changes[]): Changes {
  return { dropped: changes.flatMap(({ dropped }) => dropped), added: changes.flatMap(({ added }) => added) }
}

/** By table, each with the position of its statement. */
const changesIn = oncePer((statements) => {
  const byTable = new Map<string, (Changes & { readonly place: number })[]>()
  for (const [place, judged] of statements.entries()) {
    const [dropped, added] = [dropsIn(judged), addsIn(judged)]
    const key = dropped[0]?.key ?? added[0]?.key
    if (key === undefined) continue
    const known = byTable.get(key) ?? []
    known.push({ place, dropped, added })
    byTable.set(key, known)
  }
  return byTable
})

/** The column that takes its place: one of its name, else one of its type; of several that go and come in one type, each the one at its own place. */
function meantBy(drop: Drop, { dropped, added }: Changes, catalog: Catalog): Found | undefined {
  const onTable = added.filter(({ key }) => key === drop.key)
  const base = (type: string): string => shapeOfText(type).base
  const alike = onTable.filter((add) => shapeOfNode(columnIn(add)?.typeName, catalog).base === base(drop.lost.type))
  const at = dropped
    .filter(({ key, lost }) => key === drop.key && base(lost.type) === base(drop.lost.type))
    .findIndex(({ lost }) => lost.name === drop.lost.name)
  return onTable.find((add) => nameOf(add) === drop.lost.name) ?? alike[at] ?? alike[0]
}

function nameOf(add: Found | undefined): string | undefined {
  return add === undefined ? undefined : columnIn(add)?.colname
}

function hazardOf({ key, lost }: Drop, name: string | undefined): readonly Hazard[] {
  if (name === undefined) return []
  const isSame = name === lost.name
  return [
    {
      rule: 'drop-and-add-column',
      severity: 'error',
      message: `${key} loses column ${lost.name} and gets ${isSame ? 'one of the same name' : `${name} of the same type`} in one migration: if that was meant as ${isSame ? 'a change of type' : 'a rename'}, the data is lost`,
      fix: isSame
        ? 'Write ALTER COLUMN TYPE ... USING, or add a second column and copy the data.'
        : `Write ALTER TABLE ${key} RENAME COLUMN ${quoted(lost.name)} TO ${quoted(name)}, or copy the data from the old column to the new one before it is dropped.`,
      relation: key,
      breaksOldApp: true,
    },
  ]
}
