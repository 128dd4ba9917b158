import type { HistoryState } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import type { MigrationProgress } from '../run/state.ts'
import { present } from '../std/present.ts'
import type { Situation } from './target.ts'

/** Where a migration stands. `aborted` and `pending` are both still to be run. */
export type MigrationState = 'pending' | 'running' | 'expanded' | 'complete' | 'failed' | 'aborted' | 'skipped'

export interface Standing {
  readonly migration: Migration
  readonly state: MigrationState
  /** The step that was begun last, where it is not complete. */
  readonly step?: string
  /** Absent for sources that keep no history. */
  readonly ormRecorded?: boolean
  /** It is recorded as applied, but the file differs now. */
  readonly changed: boolean
  /** The ORM's own run of it began and did not end; ours is not in flight. */
  readonly unfinishedByOrm: boolean
}

/** Where each migration stands by the ORM's history and our journal. Plain SQL has the journal alone, and there a late file before an applied one is skipped. */
export function standingsOf(migrations: readonly Migration[], situation: Situation): readonly Standing[] {
  const standings = migrations.map((migration) => standingOf(migration, situation))
  return situation.history === undefined ? markSkipped(standings) : standings
}

function standingOf(migration: Migration, { history, progress }: Situation): Standing {
  const mine = progress.get(migration.id)
  const orm = history?.stateOf(migration)
  const open = mine?.state === 'running' || mine?.state === 'failed' || mine?.state === 'aborting'
  return {
    migration,
    state: stateOf(mine, orm),
    ...present({ step: open ? mine.step : undefined, ormRecorded: orm === undefined ? undefined : orm === 'applied' || orm === 'changed' }),
    changed: orm === 'changed',
    unfinishedByOrm: orm === 'unfinished' && !isOurs(mine),
  }
}

/** What the ORM has as begun is what we are at, or have expanded. */
function isOurs(mine: MigrationProgress | undefined): boolean {
  return mine !== undefined && mine.state !== 'complete' && mine.state !== 'aborted'
}

function stateOf(mine: MigrationProgress | undefined, orm: HistoryState | undefined): MigrationState {
  switch (mine?.state) {
    case 'running':
    case 'failed':
    case 'expanded':
    case 'complete':
      return mine.state
    case 'aborting':
      return 'running'
    case 'aborted':
    case undefined:
      return byOrm[orm ?? 'pending'] ?? mine?.state ?? 'pending'
  }
}

/** What the ORM alone knows; undefined where it only says that it has not run it. */
const byOrm: { readonly [state in HistoryState]: MigrationState | undefined } = {
  'applied': 'complete',
  'changed': 'complete',
  'skipped': 'skipped',
  'unfinished': 'failed',
  'pending': undefined,
  'rolled-back': undefined,
}

function markSkipped(standings: readonly Standing[]): readonly Standing[] {
  const lastDone = standings.findLastIndex((standing) => standing.state === 'complete' || standing.state === 'expanded')
  return standings.map((standing, at) => (standing.state === 'pending' && at < lastDone ? { ...standing, state: 'skipped' } : standing))
}
