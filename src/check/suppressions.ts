import type { Migration } from '../model/migration.ts'
import type { Statement } from '../model/statement.ts'
import { commentsOf, type Comment } from './comments.ts'
import { peerCommentOf } from './peer-comments.ts'
import type { Peer } from './peer-rules.ts'

/** A comment that takes findings back. */
export interface Suppression {
  /** Whose comment it is; those of peers need no reason and are never found fault with. */
  readonly tool: 'lockkeeper' | Peer
  /** As written for ours, what they mean to us for a peer's. */
  readonly rules: readonly string[]
  readonly reason: string
  /** `2027-01-31`: the last day on which it holds; as written, even where there is no such day. */
  readonly until: string | undefined
  readonly scope: 'statement' | 'file'
  /** 1-based, in the source file. */
  readonly line: number
  /** Positions of the statements that it stands above. */
  readonly above: readonly number[]
}

/** The suppressions of a migration, in order. */
export function suppressionsOf(
  body: Migration['body'],
  statements: readonly Pick<Statement, 'sql' | 'start' | 'line'>[],
): readonly Suppression[] {
  return commentsOf(body, statements).flatMap((comment) => {
    const found = ownComment(comment) ?? peersComment(comment)
    return found === undefined ? [] : [found]
  })
}

/** Whether it says something of the statement at this position. */
export function isAbout(suppression: Suppression, at: number): boolean {
  return suppression.scope === 'file' || suppression.above.includes(at)
}

const form = /^lockkeeper-ignore(-file)?(?![\w-])[ \t]*([\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)?[ \t]*:?[ \t]*(.*)$/
const expiry = /\(until\s+([^()]*)\)\s*$/

function ownComment({ text, line, above }: Comment): Suppression | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [, file, rules = '', rest = ''] = match
  return {
    tool: 'lockkeeper',
    rules: rules.split(',').flatMap((rule) => (rule.trim() === '' ? [] : [rule.trim()])),
    reason: rest.replace(expiry, '').trim(),
    until: expiry.exec(rest)?.[1]?.trim(),
    scope: file === undefined ? 'statement' : 'file',
    line,
    above,
  }
}

function peersComment(comment: Comment): Suppression | undefined {
  const found = peerCommentOf(comment)
  if (found === undefined) return undefined
  const { peer, rules, scope } = found
  return { tool: peer, rules, reason: comment.text, until: undefined, scope, line: comment.line, above: comment.above }
}
