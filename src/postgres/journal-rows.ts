import * as v from 'valibot'
import type { JournalEntry, JournalEvent, StoredMigration } from '../model/journal.ts'
import type { Row } from '../model/session.ts'
import { believed, unreadable } from './believed.ts'
import { plannedShape } from './planned-shape.ts'

// The rows are in the user's database, where a restore, a merge of two databases or a hand may have changed them: what they lead to runs as
// SQL, so each is looked at before it is believed. What is unknown beside it is let through: a format is only ever added to.

const text = v.string()
const migration = text
const step = text
// JSON knows no infinity, but 1e999 is one when it is read.
const number = v.pipe(v.number(), v.finite())
const plain = v.union([text, number])
// A timestamptz may be infinite, and a time beyond these years has no literal, which a backfill needs for {now}.
const time = v.pipe(v.date(), v.minValue(new Date('0001-01-01T00:00:00Z')), v.maxValue(new Date('9999-12-31T23:59:59.999Z')))

const event = v.variant('type', [
  v.looseObject({ type: v.literal('migration-started'), migration }),
  v.looseObject({ type: v.literal('step-started'), migration, step }),
  v.looseObject({ type: v.literal('step-done'), migration, step }),
  v.looseObject({ type: v.literal('migration-expanded'), migration }),
  v.looseObject({ type: v.literal('migration-done'), migration }),
  v.looseObject({ type: v.literal('gate-overridden'), migration, step, gate: text, reason: text, evidence: v.array(text) }),
  v.looseObject({ type: v.literal('migration-failed'), migration, step: v.exactOptional(step), code: text, message: text }),
  v.looseObject({ type: v.literal('migration-aborting'), migration }),
  v.looseObject({ type: v.literal('migration-aborted'), migration }),
])
const entry = v.object({ at: time, event })

/** A row of `lockkeeper.journal` as an entry. Throws `journal-unreadable`, naming row and place. */
export function entryOf({ seq, at, event: type, migration: id, step: named, data }: Row): JournalEntry {
  const told = { ...(data as object | null), type, migration: id, ...(named === null ? {} : { step: named }) }
  const { event: read, ...rest } = believed(entry, { at, event: told }, `row ${String(seq)}`)
  return { ...rest, event: read as JournalEvent }
}

const storedShape = v.looseObject({
  migration: plannedShape,
  history: v.record(text, plain),
  source: text,
  ledger: v.exactOptional(v.looseObject({ schema: text, table: text })),
  allowed: v.array(text),
  toolVersion: text,
  bytes: v.instance(Uint8Array),
  startedAt: time,
})

/** The row with which a migration started, as what resume and abort need. Throws `journal-unreadable`, naming row and place. */
export function storedOf({ seq, at, body, stored }: Row, id: string): StoredMigration {
  const where = `row ${String(seq)}`
  const read = believed(storedShape, { ...(stored as object | null), bytes: body, startedAt: at }, where)
  if (read.migration.id !== id) throw unreadable(where, `it holds the plan of ${read.migration.id} under the name ${id}`)
  return read as unknown as StoredMigration
}
