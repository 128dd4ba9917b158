import type { Catalog, Relation } from '../model/catalog.ts'
import type { RelationSize, Speed, Statistics } from '../model/statistics.ts'
import { unsampledBytesPerSecond, type Span } from './work-rates.ts'

/** A table that an estimate can be made of. */
export interface SizedTable {
  readonly name: string
  readonly rows: number
  /** With indexes and TOAST. */
  readonly bytes: number
  /** What a rewrite writes anew besides the indexes. */
  readonly heapBytes: number
  /** What a scan reads. */
  readonly scannedBytes: number
  /** How many. */
  readonly indexes: number
  readonly analyzedAt?: string
}

/** The server's default; whoever builds it with another size gets estimates that are off by that factor at the most. */
const blockSize = 8192

/** Undefined where the table was never analysed, or nobody has seen it. A rename within the migrations keeps the size. */
export function relationSize(name: string, catalog: Catalog, statistics: Statistics): SizedTable | undefined {
  const relation = catalog.relations.get(name)
  const size = relation === undefined ? statistics.relations[name] : sizeOfRelation(relation)
  if (size?.rows === undefined) return undefined
  const { rows, bytes, pages, analyzedAt } = size
  const indexBytes = Object.values(size.indexes).reduce((all, each) => all + each, 0)
  return {
    name,
    rows,
    bytes,
    heapBytes: Math.max(bytes - indexBytes, 0),
    scannedBytes: pages * blockSize,
    indexes: Object.keys(size.indexes).length,
    ...(analyzedAt === undefined ? {} : { analyzedAt }),
  }
}

// What a catalog knows of the size of a table; undefined where that is nothing.
function sizeOfRelation({ rows, bytes, pages, analyzedAt, indexes }: Relation): RelationSize | undefined {
  if (bytes === undefined || pages === undefined) return undefined
  return {
    ...(rows === undefined ? {} : { rows }),
    bytes,
    pages,
    ...(analyzedAt === undefined ? {} : { analyzedAt }),
    indexes: Object.fromEntries(indexes.map((index) => [index.name, index.bytes ?? 0])),
  }
}

/** How long its pages take to read: at its own sampled speed, else between the slowest and the fastest of the others. */
export function scanMs({ name, scannedBytes }: SizedTable, { scans }: Speed): Span {
  const own = scans.filter((scan) => scan.relation === name)
  const speeds = (own.length > 0 ? own : scans).map((scan) => scan.bytesPerSecond)
  const { low, high } = speeds.length === 0 ? unsampledBytesPerSecond : { low: Math.min(...speeds), high: Math.max(...speeds) }
  return { low: (scannedBytes * 1000) / high, high: (scannedBytes * 1000) / low }
}
