import type { TimedEvent } from '../model/event.ts'
import { blockerLine } from './blockers.ts'
import { grouped, sizeText } from '../std/amounts.ts'
import { duration } from './style.ts'

/** One event in one line for a person; undefined for what only --events should hold. */
export function eventLine(event: TimedEvent): string | undefined {
  const step = placeOf(event)
  switch (event.type) {
    case 'migration-started':
      return `${event.migration}: started`
    case 'step-started':
      return `${step}: started`
    case 'step-done':
      return `${step}: done in ${duration(event.ms)}${held(event)}${event.rows === undefined ? '' : `, ${grouped(event.rows)} rows`}${event.attempts > 1 ? `, ${event.attempts} attempts` : ''}`
    case 'migration-expanded':
      return `${event.migration}: expanded; deploy the new application, then lockkeeper complete ${event.migration}`
    case 'migration-done':
      return `${event.migration}: done`
    case 'gate-overridden':
      return `${step}: the gate ${event.gate} was overridden: ${event.reason}`
    case 'gate-closed':
      return `${step}: waits: ${event.closed.map(({ failure }) => failure).join('; ')}`
    case 'evidence-missing':
      return `${event.migration}: complete will not be able to tell whether ${event.claim}: ${event.why}. ${event.hint}`
    case 'migration-failed':
      return `${step}: failed (${event.code}): ${event.message}`
    case 'migration-aborting':
      return `${event.migration}: is being taken back`
    case 'step-undone':
      return `${step}: taken back`
    case 'migration-aborted':
      return `${event.migration}: taken back`
    case 'waiting-for-lock':
      return `${step}: waits since ${duration(event.waitedMs)}, touching nothing: ${blockerLine(event.blockers)}`
    case 'waiting-for-snapshots':
      return `${step}: waits since ${duration(event.waitedMs)} for older snapshots, blocking nobody: ${blockerLine(event.blockers)}`
    case 'lock-attempt':
      return event.how === 'queued' && !event.got ? `${step}: stood in the queue for ${duration(event.waitMs)} and stepped back` : undefined
    case 'batch-done':
      return `${step}: ${batchText(event)}`
    case 'backfill-held':
      return `${step}: held since ${duration(event.heldMs)}: ${event.reason}`
    case 'backfill-notice':
      return `${step}: ${event.text}`
    case 'retrying':
      return `${step}: again in ${duration(event.inMs)} (${event.message})`
    case 'standbys-not-asked':
      return `Replicas that are not asked who is in the way: ${event.standbys.join(', ')}. A lock is replayed there, and queries wait behind it: give --replica-url for each.`
    case 'citus-tables':
      return `Citus ${event.version} keeps ${event.relations.join(', ')} in shards: the coordinator sends the change to them, and who is in the way there is not seen from here. Triggers on such tables need citus.enable_unsafe_triggers.`
    case 'reconnected':
      return `${step}: connected again after ${duration(event.afterMs)}`
  }
}

type BatchDone = Extract<TimedEvent, { readonly type: 'batch-done' }>

/** The most wanted first: a narrow terminal cuts the rest. */
function batchText({ totalRows, fraction, sweep, rowsPerSecond, etaMs, rows, ms, hotShare, walBytes }: BatchDone): string {
  return [
    `${grouped(totalRows)} rows, ${Math.floor(fraction * 100)} %${sweep > 1 ? ` of sweep ${sweep}` : ''}`,
    ...(etaMs === undefined ? [] : [`about ${duration(etaMs)} left`]),
    ...(rowsPerSecond > 0 ? [`${grouped(Math.round(rowsPerSecond))} rows/s`] : []),
    `batch ${grouped(rows)} in ${duration(ms)}`,
    ...(hotShare > 0 ? [`HOT ${Math.round(hotShare * 100)} %`] : []),
    `WAL ${sizeText(walBytes)}`,
  ].join(', ')
}

function placeOf(event: TimedEvent): string {
  if (event.type === 'standbys-not-asked' || event.type === 'citus-tables') return ''
  if (!('step' in event) || event.step === undefined) return event.migration
  // A backfill may stand by itself.
  return event.migration === '' ? event.step : `${event.migration} ${event.step}`
}

function held(event: { readonly lockHeldMs?: number }): string {
  return event.lockHeldMs === undefined ? '' : `, lock held ${duration(event.lockHeldMs)}`
}

/** What may come many times a second; without a terminal it is printed only now and then. */
export function isFrequent(event: TimedEvent): boolean {
  return (
    event.type === 'waiting-for-lock' ||
    event.type === 'waiting-for-snapshots' ||
    event.type === 'gate-closed' ||
    event.type === 'batch-done' ||
    event.type === 'backfill-held' ||
    event.type === 'lock-attempt' ||
    event.type === 'retrying'
  )
}
