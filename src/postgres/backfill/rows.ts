import * as v from 'valibot'
import type { BackfillDefinition, BackfillState, Chunk, Part, Place, WorkerState } from '../../model/backfill.ts'
import type { Row } from '../../model/session.ts'
import { believed } from '../believed.ts'
import { walkShape, workShape } from '../planned-shape.ts'

// As with the journal: what stands in these rows runs as SQL, so each is looked at before it is believed.

const amount = v.pipe(v.number(), v.finite(), v.minValue(0))
const place = v.nullable(v.array(v.union([v.string(), v.pipe(v.number(), v.finite())])))
const definitionShape = v.looseObject({
  work: workShape,
  walk: walkShape,
  batchTargetMs: amount,
  triggers: v.picklist(['fire', 'skip', 'stop']),
  verify: v.exactOptional(v.string()),
})
const wantedShape = v.picklist(['run', 'pause', 'cancel'])

/** Throws `journal-unreadable`, naming the place. */
export function chunkOf({ id, fence, relation, oid, after, up_to: upTo, alone }: Row): Chunk {
  const where = `chunk ${String(id)}`
  const read = believed(v.object({ after: place, upTo: v.nonNullable(place) }), { after, upTo }, where)
  return {
    id: Number(id),
    fence: Number(fence),
    relation: String(relation),
    relationOid: Number(oid),
    ...read,
    alone: alone === true,
  }
}

/** Throws `journal-unreadable`, naming the place. */
export function partOf({ relation, oid, cut, bound }: Row): Part {
  const read = believed(v.object({ cut: place, bound: place }), { cut, bound }, `the part ${String(relation)}`)
  return { relation: String(relation), relationOid: Number(oid), ...read }
}

/** Throws `journal-unreadable`, naming the place. */
export function definitionOf(value: unknown, step: string): BackfillDefinition {
  return believed(definitionShape, value, `the definition of ${step}`) as BackfillDefinition
}

/** Throws `journal-unreadable`, naming the place. */
export function wantedOf(value: unknown): BackfillState['wanted'] {
  return believed(wantedShape, value, 'what is wanted of a backfill')
}

export function workerOf(row: Row): WorkerState {
  return {
    owner: String(row['owner']).replace(/#.*$/, ''),
    relation: typeof row['relation'] === 'string' ? row['relation'] : 'the whole table, for rows that are left',
    expired: row['expired'] === true,
    ...(typeof row['held'] === 'string' ? { held: row['held'] } : {}),
    rows: Number(row['rows']),
    batchRows: Number(row['batch_rows']),
    batchMs: Number(row['batch_ms']),
  }
}

/** How far a place is in its part, 0 to 1; undefined where its kind does not tell. */
export function share(at: Place | null, bound: Place | null): number | undefined {
  if (bound === null) return 1
  if (at === null) return 0
  const [here, end] = [positionOf(at[0]), positionOf(bound[0])]
  if (here === undefined || end === undefined || end <= 0) return undefined
  return Math.min(1, Math.max(0, here / end))
}

/** Numbers as they are; a uuid by its first 48 bits, which random ones spread evenly. */
function positionOf(value: string | number | undefined): number | undefined {
  const uuid = typeof value === 'string' ? /^([0-9a-f]{8})-([0-9a-f]{4})-[0-9a-f]{4}-/.exec(value) : null
  const position = uuid === null ? Number(value) : Number.parseInt(`${uuid[1]}${uuid[2]}`, 16)
  return value === undefined || value === '' || Number.isNaN(position) ? undefined : position
}
