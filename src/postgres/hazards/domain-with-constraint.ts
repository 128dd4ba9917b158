import type { HazardRule } from '../../model/hazard.ts'
import { creationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'

/** The constraint of a domain is hard to change later. */
export const domainWithConstraint: HazardRule<PgNode, Topic> = {
  id: 'domain-with-constraint',
  group: 'style',
  title: 'The constraint of a domain is hard to change later',
  why: 'Another CHECK of a domain is tried on every table that uses it while writes to all of them wait, and a new column of a domain with a constraint writes its table anew. A CHECK of the table touches one table and can be NOT VALID at first.',
  source: 'https://www.postgresql.org/docs/current/sql-alterdomain.html; measured on 13 to 18',
  examples: {
    hazardous: ['create domain positive as int check (value > 0)', 'create domain d as text not null'],
    safe: ['create domain positive as int', "create domain d as text default 'x'"],
  },
  on: ['CreateDomainStmt'],
  detect({ statement: { node }, before }) {
    if (!('CreateDomainStmt' in node)) return []
    const { domainname = [], constraints = [] } = node.CreateDomainStmt
    const binding = constraints.some((each) => 'Constraint' in each && kinds.has(each.Constraint.contype ?? ''))
    if (!binding) return []
    return [
      {
        rule: 'domain-with-constraint',
        severity: 'info',
        message: `the domain ${creationKey(domainname, before)} has a constraint: to change it later locks every table that uses the domain`,
        fix: 'Use the plain type, and a CHECK in each table.',
        breaksOldApp: false,
      },
    ]
  },
}

const kinds: ReadonlySet<string> = new Set(['CONSTR_CHECK', 'CONSTR_NOTNULL'])
