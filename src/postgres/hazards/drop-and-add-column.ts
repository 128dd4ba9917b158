import type { HazardRule } from '../../model/hazard.ts'
import { shapeOfNode, shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import { actionsOf, columnIn, columnOf } from './_input.ts'

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
    const dropped = actionsOf(input, 'AT_DropColumn')
    if (dropped.length === 0) return []
    const added = input.transaction.flatMap((judged) => actionsOf(judged, 'AT_AddColumn'))
    return dropped.flatMap((found) => {
      const lost = columnOf(found, found.command.name)
      if (lost === undefined) return []
      const pair = added.find(
        (other) =>
          other.key === found.key &&
          (columnIn(other)?.colname === lost.name ||
            shapeOfNode(columnIn(other)?.typeName, input.before).base === shapeOfText(lost.type).base),
      )
      const name = pair === undefined ? undefined : columnIn(pair)?.colname
      if (name === undefined) return []
      return [
        {
          rule: 'drop-and-add-column',
          severity: 'error' as const,
          message: `${found.key} loses column ${lost.name} and gets ${name === lost.name ? 'one of the same name' : `${name} of the same type`} in one migration: if that was meant as ${name === lost.name ? 'a change of type' : 'a rename'}, the data is lost`,
          fix:
            name === lost.name
              ? 'Write ALTER COLUMN TYPE ... USING, or add a second column and copy the data.'
              : 'Write RENAME COLUMN, or copy the data from the old column to the new one before it is dropped.',
          relation: found.key,
          breaksOldApp: true,
        },
      ]
    })
  },
}
