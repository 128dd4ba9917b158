import type { BackfillDefinition } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { mayReturn } from '../verbs/backfill.ts'
import { toLockkeeperError } from './unexpected.ts'

interface Failed {
  readonly name: string
  /** Constants of the SQL. */
  readonly data: readonly string[]
  readonly definition: BackfillDefinition | undefined
  /** Whether this machine changed any row in the target. */
  readonly committed: boolean
}

/**
 * What ended a backfill in a target, as it may be kept in the control database: the SQL's condition and its constants are left out, since they
 * may be data. The target's own row has the whole message.
 */
export function fleetError(error: unknown, failed: Failed): LockkeeperError {
  const known = named(error, failed.name)
  const clean = (text: string) => withoutData(withoutCondition(text, failed.definition), failed.data)
  const details = failed.committed ? { committed: true } : {}
  return new LockkeeperError(known.code, clean(known.message), { hint: clean(known.hint), cause: error, details })
}

function named(error: unknown, name: string): LockkeeperError {
  const known = toLockkeeperError(error)
  if (error instanceof LockkeeperError) return known
  if (mayReturn(error)) return new LockkeeperError('connection-lost', known.message)
  if (known.code !== 'internal' || known.details['sqlstate'] === undefined) return known
  return new LockkeeperError(
    'step-failed',
    `a batch of the backfill ${name} failed: ${error instanceof Error ? error.message : String(error)}`,
    {
      hint: 'Mend what the server says, then run the same command again: what is done stays.',
    },
  )
}

function withoutCondition(text: string, definition: BackfillDefinition | undefined): string {
  const where = definition?.work.where ?? 'true'
  if (where === 'true') return text
  // Where it was worked with, {now} had become a time.
  const pattern = where.split('{now}').map(escaped).join('.{1,80}?')
  return text.replaceAll(new RegExp(pattern, 'gs'), () => 'its condition')
}

/** As words of their own: a short one would tear others apart. */
function withoutData(text: string, data: readonly string[]): string {
  const words = data.filter((word) => word !== '' && !isPlain(word)).toSorted((a, b) => b.length - a.length)
  return words.reduce(
    (left, word) => left.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(word)}(?![\\p{L}\\p{N}_])`, 'gu'), '***'),
    text,
  )
}

/** A number of few digits tells nothing, and counts of rows must stay readable. */
function isPlain(word: string): boolean {
  return /^\d{1,5}$/.test(word)
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
