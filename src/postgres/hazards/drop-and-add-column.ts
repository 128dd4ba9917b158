import type { Catalog, Column } from '../../model/catalog.ts'
import type { Hazard, HazardRule, Judged } from '../../model/hazard.ts'
import { shapeOfNode, shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { actionsOf, columnIn, columnOf, type Found } from './_input.ts'

const { name: quoted } = postgresDialect

/** A rename or a change of type was written as drop and add. */
export const dropAndAddColumn: HazardRule<PgNode> = {
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
  detect(input) {
    if (actionsOf(input, 'AT_DropColumn', 'AT_AddColumn').length === 0) return []
    const around = [...(input.earlier ?? []), ...input.transaction]
    const [dropped, added] = [dropsIn(around), around.flatMap((judged) => actionsOf(judged, 'AT_AddColumn'))]
    const here = dropsIn([input]).flatMap((drop) => hazardOf(drop, nameOf(meantBy(drop, { dropped, added }, input.before))))
    // Each in a transaction of its own: the drop was judged before the other one was seen.
    const before = dropsIn(input.earlier ?? [])
    const late = actionsOf(input, 'AT_AddColumn').flatMap((add) => {
      const drop = before.find((each) => meantBy(each, { dropped: before, added }, input.before)?.command === add.command)
      return drop === undefined ? [] : hazardOf(drop, nameOf(add))
    })
    return [...here, ...late]
  },
}

interface Drop {
  readonly key: string
  readonly lost: Column
}

function dropsIn(statements: readonly Judged<PgNode>[]): readonly Drop[] {
  return statements.flatMap((judged) =>
    actionsOf(judged, 'AT_DropColumn').flatMap((found) => {
      const lost = columnOf(found, found.command.name)
      return lost === undefined ? [] : [{ key: found.key, lost }]
    }),
  )
}

interface Around {
  readonly dropped: readonly Drop[]
  readonly added: readonly Found[]
}

/** The column that takes its place: one of its name, else one of its type; of several that go and come in one type, each the one at its own place. */
function meantBy(drop: Drop, { dropped, added }: Around, catalog: Catalog): Found | undefined {
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
