import type { Catalog } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import type { Estimate, Estimated, Statistics } from '../model/statistics.ts'
import { ageText, grouped, sizeText } from '../std/amounts.ts'
import { relationSize, scanMs, type SizedTable } from './estimate-size.ts'
import { buildsOn, type IndexShape } from './index-shape.ts'
import { findRelation } from './names.ts'
import type { AlterTableCmd, PgNode } from './node.ts'
import { sum, times, workRates, type Span } from './work-rates.ts'

/** Statements whose work follows from the size of their tables; what any other does (a function, a query's rows) does not. */
const measurable: ReadonlySet<string> = new Set([
  'AlterTableStmt',
  'AlterDomainStmt',
  'IndexStmt',
  'ReindexStmt',
  'ClusterStmt',
  'VacuumStmt',
  'UpdateStmt',
  'DeleteStmt',
])

/** How long a statement works once it has its locks, with its single actions, from sizes and a server's sampled speed. */
export function estimate(judged: Judged<PgNode>, parts: readonly Judged<PgNode>[], statistics: Statistics): Estimated {
  const { statement, facts, before } = judged
  const names = [...new Set([...facts.rewrites, ...facts.builds, ...facts.scans])].filter((name) => isInUse(name, before))
  if (!measurable.has(statement.kind) || names.length === 0) return { kind: 'none' }
  const found = names.map((name) => ({ name, size: relationSize(name, before, statistics) }))
  const tables = found.flatMap(({ size }) => size ?? [])
  if (tables.length < names.length)
    return { kind: 'unknown', relations: found.filter(({ size }) => size === undefined).map(({ name }) => name) }
  const span = sum(...tables.map((table) => workOn(table, { judged, parts, statistics })))
  return { kind: 'range', estimate: rounded(span, basisOf(tables, judged, statistics)) }
}

// What the migrations at hand made has no rows to speak of when its turn comes.
function isInUse(name: string, catalog: Catalog): boolean {
  return catalog.relations.get(name)?.isNew !== true && !name.startsWith('pg_temp.')
}

interface Setting {
  readonly judged: Judged<PgNode>
  readonly parts: readonly Judged<PgNode>[]
  readonly statistics: Statistics
}

function workOn(table: SizedTable, { judged, parts, statistics }: Setting): Span {
  const { facts } = judged
  const scan = scanMs(table, statistics.speed)
  const sortMs = (table.rows * 1000) / statistics.speed.sortedRowsPerSecond
  const indexes = sum(...buildsOn(table.name, { judged, parts }).map((shape) => times(indexRates[shape], sortMs)))
  if (facts.rewrites.includes(table.name)) return sum(writing(table, scan, sortMs), indexes)
  const passes = facts.builds.includes(table.name) && facts.waitsFor.length > 0 ? 2 : 1
  return sum(times(readingRate(judged), scan), times({ low: passes - 1, high: passes - 1 }, scan), indexes, rowByRow(table, judged, sortMs))
}

const indexRates: { readonly [shape in IndexShape]: Span } = {
  fixed: workRates.fixedIndex,
  text: workRates.textIndex,
  other: workRates.otherIndex,
}

function writing({ rows, heapBytes }: SizedTable, scan: Span, sortMs: number): Span {
  const byteMs = rows === 0 ? 0 : (sortMs / rows) * heapBytes
  return sum(times(workRates.writeScan, scan), times(workRates.writeByte, byteMs))
}

function readingRate(judged: Judged<PgNode>): Span {
  const { node } = judged.statement
  if ('AlterDomainStmt' in node) return workRates.evaluate
  const commands = actionsIn(node)
  return commands.some(({ subtype }) => subtype !== 'AT_SetNotNull') && !joins(judged) ? workRates.evaluate : workRates.read
}

/** New versions of rows, or none; a join for a foreign key. A condition may match no row, or all of them. */
function rowByRow({ name, indexes }: SizedTable, judged: Judged<PgNode>, sortMs: number): Span {
  const { node } = judged.statement
  if (joins(judged)) return times({ ...workRates.join, low: 0 }, sortMs)
  if (!judged.facts.locks.some((lock) => lock.relation === name && lock.mode === 'ROW EXCLUSIVE')) return sum()
  if ('UpdateStmt' in node) return times(ofAll(workRates.update, node.UpdateStmt.whereClause), sortMs * (1 + indexes))
  return 'DeleteStmt' in node ? times(ofAll(workRates.remove, node.DeleteStmt.whereClause), sortMs) : sum()
}

function ofAll({ low, high }: Span, where: PgNode | undefined): Span {
  return { low: where === undefined ? low : 0, high }
}

/** Whether rows are looked up in another table: a foreign key is added, or one that stands is validated. */
function joins({ statement: { node }, before }: Judged<PgNode>): boolean {
  const table = 'AlterTableStmt' in node ? findRelation(node.AlterTableStmt.relation ?? {}, before) : undefined
  return actionsIn(node).some(({ subtype, name, def }) => {
    if (subtype === 'AT_ValidateConstraint')
      return table?.constraints.some((each) => each.name === name && each.kind === 'foreign-key') === true
    return def !== undefined && 'Constraint' in def && def.Constraint.contype === 'CONSTR_FOREIGN'
  })
}

function actionsIn(node: PgNode): readonly AlterTableCmd[] {
  if (!('AlterTableStmt' in node)) return []
  return (node.AlterTableStmt.cmds ?? []).flatMap((command) => ('AlterTableCmd' in command ? [command.AlterTableCmd] : []))
}

function rounded({ low, high }: Span, basis: string): Estimate {
  return { lowMs: Math.floor(low), highMs: Math.ceil(high), basis }
}

/** The largest table speaks for the others. */
function basisOf(tables: readonly SizedTable[], { facts }: Judged<PgNode>, statistics: Statistics): string {
  const [largest] = tables.toSorted((a, b) => b.bytes - a.bytes)
  const more = tables.length > 1 ? ` in the largest of ${tables.length} tables` : ''
  const waits = facts.waitsFor.length > 0 ? ', and the wait for older transactions on top' : ''
  const source = statistics.origin === 'stats-file' ? ` of the stats file` : ''
  return `${sizeText(largest?.bytes ?? 0)}, ${grouped(Math.round(largest?.rows ?? 0))} rows${more} (${ageOf(largest, statistics)}${source})${waits}`
}

function ageOf(table: SizedTable | undefined, { takenAt }: Statistics): string {
  if (table?.analyzedAt === undefined) return 'statistics of unknown age'
  return `statistics of ${ageText(Date.parse(takenAt) - Date.parse(table.analyzedAt))}`
}
