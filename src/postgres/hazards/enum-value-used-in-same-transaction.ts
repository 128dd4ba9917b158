import type { HazardRule } from '../../model/hazard.ts'
import { nodesTagged } from '../tree.ts'
import type { A_Const, PgNode } from '../node.ts'
import { broughtBy } from './_transaction.ts'

/** A new enum value is used before it is committed. */
export const enumValueUsedInSameTransaction: HazardRule<PgNode> = {
  id: 'enum-value-used-in-same-transaction',
  group: 'transaction',
  title: 'A new enum value is used before it is committed',
  why: 'ALTER TYPE ADD VALUE may run in a transaction, but the value cannot be used in it: the server answers "unsafe use of new value" (55P04).',
  source: 'https://www.postgresql.org/docs/current/sql-altertype.html#SQL-ALTERTYPE-NOTES; measured on 13 to 18',
  examples: {
    hazardous: [
      "create type mood as enum ('ok'); create table t (id int, m mood); begin; alter type mood add value 'fine'; alter table t alter column m set default 'fine'",
      "create type mood as enum ('ok'); create table t (id int, m mood); begin; alter type mood add value 'fine'; update t set m = 'fine' where id = 1",
    ],
    safe: [
      "create type mood as enum ('ok'); create table t (id int, m mood); alter type mood add value 'fine'; update t set m = 'fine' where id = 1",
      "begin; create type mood as enum ('ok'); create table t (id int, m mood default 'ok')",
    ],
  },
  detect({ statement, facts, transaction, at }) {
    const added = addedIn(transaction).filter(({ place }) => place < at)
    if (added.length === 0) return []
    const constants = new Set(nodesTagged<A_Const>('A_Const', statement.node).map((constant) => constant.sval?.sval))
    const used = added.find(({ value }) => constants.has(value))?.value
    if (used === undefined) return []
    const relation = facts.locks[0]?.relation
    return [
      {
        rule: 'enum-value-used-in-same-transaction',
        severity: 'error',
        message: `the new enum value '${used}' is used${relation === undefined ? '' : ` for ${relation}`} in the transaction that adds it: the server refuses that (55P04)`,
        fix: 'Commit ALTER TYPE ADD VALUE first: put it into a migration of its own.',
        ...(relation !== undefined && { relation }),
        rewrite: 'commit-enum-value-first',
        breaksOldApp: false,
      },
    ]
  },
}

const addedIn = broughtBy(({ statement: { node } }) =>
  'AlterEnumStmt' in node && node.AlterEnumStmt.oldVal === undefined && node.AlterEnumStmt.newVal !== undefined
    ? [node.AlterEnumStmt.newVal]
    : [],
)
