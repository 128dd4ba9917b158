import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode, RoleSpec } from '../node.ts'
import { nodesTagged } from '../tree.ts'
import type { Topic } from '../topics.ts'

/** A whole database, or all that a role owns, goes. */
export const dropDatabase: HazardRule<PgNode, Topic> = {
  id: 'drop-database',
  group: 'data-loss',
  title: 'A whole database, or all that a role owns, goes',
  why: 'DROP DATABASE and DROP OWNED name no table: what goes is whatever is there on the day, with its data.',
  source: 'https://www.postgresql.org/docs/current/sql-drop-owned.html',
  examples: {
    hazardous: ['drop database shop', 'drop owned by app'],
    safe: ['drop schema if exists nothing', 'drop role if exists nobody'],
  },
  on: ['DropdbStmt', 'DropOwnedStmt'],
  detect({ statement: { node } }) {
    const gone = goneWith(node)
    if (gone === undefined) return []
    return [
      {
        rule: 'drop-database',
        severity: 'error',
        message: `${gone} goes, whatever it is on the day, with its data`,
        fix: 'Take it out of the migrations. Drop what is meant by name, and by hand, after a backup.',
        breaksOldApp: true,
      },
    ]
  },
}

function goneWith(node: PgNode): string | undefined {
  if ('DropdbStmt' in node) return `the database ${node.DropdbStmt.dbname ?? ''}`
  if (!('DropOwnedStmt' in node)) return undefined
  const roles = nodesTagged<RoleSpec>('RoleSpec', node.DropOwnedStmt.roles).map(({ rolename }) => rolename ?? 'the current user')
  return `all that ${roles.join(', ')} owns in this database`
}
