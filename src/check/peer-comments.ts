import type { Comment } from './comments.ts'
import { peerRules, type Peer } from './peer-rules.ts'

/** What a peer's ignore comment takes back: rules of ours. */
export interface PeerComment {
  readonly peer: Peer
  readonly rules: readonly string[]
  readonly scope: 'statement' | 'file'
}

/** Reads a comment as the linter that it was written for does; undefined where it is none of theirs. */
export function peerCommentOf(comment: Comment): PeerComment | undefined {
  return squawk(comment) ?? eugene(comment) ?? pgfence(comment) ?? atlas(comment)
}

// Without a rule the one for the file means all, and the one for a statement nothing (tried on squawk 2.66).
function squawk({ text }: Comment): PeerComment | undefined {
  const match = /^squawk-ignore(-file)?(?![\w-])\s*(.*)$/i.exec(text)
  if (match === null) return undefined
  const names = listed(match[2], /,/)
  const scope = match[1] === undefined ? 'statement' : 'file'
  return { peer: 'squawk', scope, rules: names.length === 0 && scope === 'file' ? all('squawk') : ours('squawk', names) }
}

function eugene({ text }: Comment): PeerComment | undefined {
  const match = /^eugene:\s*ignore(?:\s+(.*))?$/.exec(text)
  return match === null ? undefined : { peer: 'eugene', scope: 'statement', rules: oursOrAll('eugene', listed(match[1], /,/)) }
}

// `pgfence: ignore RULE` is its older form.
function pgfence({ text }: Comment): PeerComment | undefined {
  const match = /^pgfence-ignore(?:\s*:\s*(.+))?$/i.exec(text) ?? /^pgfence:\s*ignore\s+(.+)$/i.exec(text)
  return match === null ? undefined : { peer: 'pgfence', scope: 'statement', rules: oursOrAll('pgfence', listed(match[1], /,/)) }
}

// Codes and names of analyzers, with blanks between them; at the head of a file, with an empty line below, it holds for the file.
function atlas({ text, isHeader }: Comment): PeerComment | undefined {
  const match = /^atlas:nolint(?:\s+(.*))?$/.exec(text)
  if (match === null) return undefined
  return { peer: 'atlas', scope: isHeader ? 'file' : 'statement', rules: oursOrAll('atlas', listed(match[1], /[\s,]+/)) }
}

function listed(text: string | undefined, separator: RegExp): readonly string[] {
  return (text ?? '')
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function oursOrAll(peer: Peer, names: readonly string[]): readonly string[] {
  return names.length === 0 ? all(peer) : ours(peer, names)
}

function ours(peer: Peer, names: readonly string[]): readonly string[] {
  const table = peerRules[peer]
  return names.flatMap((name) => (Object.hasOwn(table, name) ? (table[name] ?? []) : []))
}

function all(peer: Peer): readonly string[] {
  return Object.values(peerRules[peer]).flat()
}
