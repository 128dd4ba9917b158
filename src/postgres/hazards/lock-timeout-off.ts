import type { Judged, HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { timeoutSet } from '../timeout.ts'
import { isOld, listed, waiting, type Input } from './_input.ts'
import { timeoutFor } from './_timeouts.ts'
import { earlierIn } from './_transaction.ts'

/** The migration itself sees to it that a lock is waited for without limit. */
export const lockTimeoutOff: HazardRule<PgNode> = {
  id: 'lock-timeout-off',
  group: 'lock',
  title: 'The migration itself sees to it that a lock is waited for without limit',
  why: 'Whoever comes after a statement that waits for a strong lock waits behind it. With lock_timeout at 0, or at minutes, one long query on the table is enough to stop the application for as long as the query lasts. Set after the lock is taken it limits nothing. lockkeeper apply sets its own and takes no notice of it.',
  source: 'https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int); set lock_timeout = 0; alter table t add column z int',
      "create table t (id bigint primary key, a int); begin; set local lock_timeout = '5min'; alter table t add column z int",
      "create table t (id bigint primary key, a int); begin; alter table t add column z int; set local lock_timeout = '2s'",
    ],
    safe: [
      "create table t (id bigint primary key, a int); set lock_timeout = '2s'; alter table t add column z int",
      'create table t (id bigint primary key, a int); set lock_timeout = 0; reset lock_timeout; alter table t add column z int',
      'create table t (id bigint primary key, a int); set lock_timeout = 0; create index concurrently on t (a)',
      'set lock_timeout = 0; begin; create table t (id bigint primary key, a int); alter table t add column z int',
      "create table t (id bigint primary key, a int); begin; set local lock_timeout = '2s'; alter table t add column z int",
      "create table t (id bigint primary key, a int); begin; set lock_timeout = '2s'; alter table t add column z int; reset lock_timeout",
    ],
  },
  detect(input) {
    const found = setTooLate(input) ?? setTooLong(input)
    return found === undefined ? [] : [{ rule: 'lock-timeout-off', severity: 'warning', ...found, breaksOldApp: false }]
  },
}

interface Finding {
  readonly message: string
  readonly fix: string
  readonly relation: string
}

/** Ten times what an impatient user bears. */
const longMs = 10_000

function setTooLong(input: Input): Finding | undefined {
  const [relation] = blockedBy(input)
  const ms = relation === undefined ? undefined : timeoutFor(input, 'lock_timeout')
  if (ms === undefined || (ms > 0 && ms < longMs) || relation === undefined || earlierIn(input).flatMap(blockedBy).includes(relation))
    return undefined
  return {
    message: `lock_timeout is ${ms === 0 ? 'off' : `${ms / 1000} s`}: ${waiting(input.facts, relation)} to ${relation} wait behind this statement for as long as it waits for its lock`,
    fix: "SET lock_timeout = '2s' before it, and try again where it fails.",
    relation,
  }
}

function setTooLate(input: Input): Finding | undefined {
  const { node } = input.statement
  const set = 'VariableSetStmt' in node ? timeoutSet(node.VariableSetStmt) : undefined
  if (set?.name !== 'lock_timeout' || set.ms === undefined || timeoutFor(input, 'lock_timeout') !== undefined) return undefined
  const locked = [...new Set(earlierIn(input).flatMap(blockedBy))]
  if (locked[0] === undefined) return undefined
  return {
    message: `lock_timeout is set when ${listed(locked)} ${locked.length === 1 ? 'is' : 'are'} locked already: nothing limited the wait for that`,
    fix: 'Set it in front of the first statement of the transaction.',
    relation: locked[0],
  }
}

function blockedBy({ facts, before }: Judged<PgNode>): readonly string[] {
  return facts.locks
    .filter(({ relation, blocksReads, blocksWrites }) => (blocksReads || blocksWrites) && isOld(relation, before))
    .map(({ relation }) => relation)
}
