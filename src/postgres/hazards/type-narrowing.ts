import type { HazardRule } from '../../model/hazard.ts'
import { shapeOfNode, shapeOfText } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, columnOf, sizeOf } from './_input.ts'
import { lossOf, type Loss } from './_type-loss.ts'

/** The new type cannot hold every value of the old one. */
export const typeNarrowing: HazardRule<PgNode, Topic> = {
  id: 'type-narrowing',
  group: 'data-loss',
  title: 'The new type cannot hold every value of the old one',
  why: 'Where a value does not fit, the server refuses the whole change. Where the cast rounds or cuts it, nobody is told: fewer decimals, a time without its seconds, text cut by a cast in USING. What was cut off cannot be had back.',
  source: 'https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-NUMERIC-DECIMAL; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type varchar(5)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column b type varchar(5) using b::varchar(5)',
      'create table t (n numeric(10, 4)); alter table t alter column n type numeric(10, 2)',
      'create table t (n bigint); alter table t alter column n type int',
      'create table t (at timestamptz); alter table t alter column at type date',
      'create table t (at timestamp(6)); alter table t alter column at type timestamp(0)',
      'create table t (d double precision); alter table t alter column d type int',
      'create table t (n bigint); alter table t alter column n type double precision',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type varchar(20)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type text',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (n numeric(10, 2)); alter table t alter column n type numeric(12, 2)',
      'create table t (n numeric(10, 2)); alter table t alter column n type numeric',
      'create table t (n int); alter table t alter column n type double precision',
      'create table t (n int); alter table t alter column n type numeric(12, 2)',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type varchar(5)',
    ],
  },
  on: ['AT_AlterColumnType'],
  detect(input) {
    return actionsOf(input, 'AT_AlterColumnType').flatMap((found) => {
      const column = columnOf(found, found.command.name)
      const definition = columnIn(found)
      const to = shapeOfNode(definition?.typeName, input.before)
      const loss = column === undefined ? undefined : lossOf(shapeOfText(column.type), to, definition?.raw_default !== undefined)
      if (column === undefined || loss === undefined) return []
      return [
        {
          rule: 'type-narrowing',
          severity: loss === 'refused' ? ('warning' as const) : ('error' as const),
          message: `${column.name} of ${found.key}${sizeOf(found.key, input.before)} was ${column.type}: ${losses[loss]}`,
          fix: 'Count the values that do not fit first. To keep them, add a column of the new type beside the old one.',
          relation: found.key,
          breaksOldApp: true,
        },
      ]
    })
  },
}

const losses: { readonly [loss in Loss]: string } = {
  refused: 'one value that does not fit the new type makes the server refuse the change, after all rows before it were read',
  rounded: 'what the new type has no place for is rounded away, and nobody is told',
  cut: 'the cast in USING cuts what is too long, and nobody is told',
}
