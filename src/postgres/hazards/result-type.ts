import type { HazardRule } from '../../model/hazard.ts'
import { shapeOfNode, shapeOfText, type TypeShape } from '../facts/type-shape.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, columnOf } from './_input.ts'

/** A column gives another type to the running application. */
export const resultType: HazardRule<PgNode, Topic> = {
  id: 'result-type',
  group: 'compatibility',
  title: 'A column gives another type to the running application',
  why: 'A change of type, be it only of a limit, makes each prepared statement that returns the column fail once (0A000, cached plan must not change result type), and may give the application another type in its language: bigint is a string in pg and a BigInt in Prisma.',
  source: 'measured on 13 to 18 (pgfacts A.6); design H20',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column c type varchar(20)',
    ],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type int',
    ],
  },
  on: ['AT_AlterColumnType'],
  detect(input) {
    return actionsOf(input, 'AT_AlterColumnType').flatMap((found) => {
      const column = columnOf(found, found.command.name)
      const to = shapeOfNode(columnIn(found)?.typeName, input.before)
      if (column !== undefined && isDeepStrictEqual(shapeOfText(column.type), to)) return []
      return [
        {
          rule: 'result-type',
          severity: 'warning' as const,
          message: `${found.command.name ?? ''} of ${found.key} changes its type${column === undefined ? '' : ` (it was ${column.type})`}: prepared statements of the running application that return it fail once, and it may get a type that it does not expect`,
          fix: 'Add a column of the new type beside it and move the application over; or allow it, if the application can bear one failed query a connection.',
          relation: found.key,
          breaksOldApp: true,
        },
      ]
    })
  },
}

function isDeepStrictEqual(a: TypeShape, b: TypeShape): boolean {
  return a.base === b.base && a.array === b.array && a.modifiers.join() === b.modifiers.join()
}
