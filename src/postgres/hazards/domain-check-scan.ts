import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes, sizeOf } from './_input.ts'

/** A new constraint of a domain is tried on every table that uses it. */
export const domainCheckScan: HazardRule<PgNode, Topic> = {
  id: 'domain-check-scan',
  group: 'lock',
  title: 'A new constraint of a domain is tried on every table that uses it',
  why: 'ALTER DOMAIN ADD CONSTRAINT, VALIDATE CONSTRAINT and SET NOT NULL read every table with a column of the domain under SHARE: writes to all of them wait until the last is read.',
  source: 'https://www.postgresql.org/docs/current/sql-alterdomain.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create domain d as int; create table t (x d); alter domain d add constraint k check (value > 0)',
      'create domain d as int; create table t (x d); alter domain d set not null',
    ],
    safe: [
      'create domain d as int; create table t (x d); alter domain d add constraint k check (value > 0) not valid',
      'create domain d as int; alter domain d add constraint k check (value > 0)',
      'create domain d as int; begin; create table t (x d); alter domain d add constraint k check (value > 0)',
    ],
  },
  on: ['AlterDomainStmt'],
  detect({ statement, facts, before }) {
    const tables = oldOnes(facts.scans, before)
    if (statement.kind !== 'AlterDomainStmt' || tables.length === 0) return []
    return [
      {
        rule: 'domain-check-scan',
        severity: 'error',
        message: `${listed(tables.map((key) => `${key}${sizeOf(key, before)}`))}: all rows are tried against the domain while all writes wait`,
        fix: 'Add the constraint NOT VALID: that locks no table and holds for new rows at once. To validate it reads them under SHARE too, so there are no small steps: do that in a quiet hour, or instead add to each table a CHECK that says the same, NOT VALID, then VALIDATE CONSTRAINT there.',
        ...(tables[0] !== undefined && { relation: tables[0] }),
        breaksOldApp: false,
      },
    ]
  },
}
