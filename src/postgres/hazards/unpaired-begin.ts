import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { earlierIn } from './_transaction.ts'

/** A BEGIN that no COMMIT of its own follows. */
export const unpairedBegin: HazardRule<PgNode, Topic> = {
  id: 'unpaired-begin',
  group: 'transaction',
  title: 'A BEGIN that no COMMIT of its own follows',
  why: 'PostgreSQL has no nested transactions: a second BEGIN only warns, and the next COMMIT ends both, so that the rest of the file runs outside. Where no COMMIT follows at all, a client that closes its connection at the end of the file takes everything back, without an error.',
  source: 'https://www.postgresql.org/docs/current/sql-begin.html#id-1.9.3.7.7',
  examples: {
    hazardous: [
      'create table t (id bigint primary key); begin; alter table t add column z int; begin',
      'create table t (id bigint primary key); begin; begin; alter table t add column z int; begin',
    ],
    safe: [
      'create table t (id bigint primary key); begin; begin; alter table t add column z int; commit',
      'create table t (id bigint primary key); begin; savepoint s',
    ],
  },
  on: ['TransactionStmt'],
  detect(input) {
    if (!begins(input.statement.node)) return []
    const nested = earlierIn(input).some(({ statement }) => begins(statement.node))
    const ended = input.transaction.slice(input.at + 1).some(({ statement }) => ends(statement.node))
    if (ended && !nested) return []
    return [
      {
        rule: 'unpaired-begin',
        severity: 'warning',
        message: nested
          ? `line ${input.statement.line}: a transaction is open already, so this BEGIN does nothing, and the COMMIT that was meant for it ends the first`
          : `line ${input.statement.line}: no COMMIT follows this BEGIN: a client that stops at the end of the file leaves nothing of it behind`,
        fix: nested ? 'Remove it, or make it a SAVEPOINT.' : 'Write the COMMIT, or leave the transaction to the tool that runs the file.',
        breaksOldApp: false,
      },
    ]
  },
}

function begins(node: PgNode): boolean {
  return 'TransactionStmt' in node && (node.TransactionStmt.kind === 'TRANS_STMT_BEGIN' || node.TransactionStmt.kind === 'TRANS_STMT_START')
}

function ends(node: PgNode): boolean {
  const kind = 'TransactionStmt' in node ? node.TransactionStmt.kind : undefined
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' || kind === 'TRANS_STMT_PREPARE'
}
