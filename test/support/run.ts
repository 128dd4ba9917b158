import type { TimedEvent } from '../../src/model/event.ts'
import type { Migration } from '../../src/model/migration.ts'
import type { Plan, PlannedMigration, SqlStep, Step } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import type { RunOptions } from '../../src/run/options.ts'

/** Options as the command line would make them, with short limits; what happened is in `events`. */
export function runOptions(url: string, plan: Plan, overrides: Partial<RunOptions> = {}): RunOptions & { readonly events: TimedEvent[] } {
  const events: TimedEvent[] = []
  return {
    engine: postgres,
    connect: { url },
    plan,
    migrations: plan.migrations.map(fileFor),
    lockBudgetMs: 100,
    maxLockWaitMs: 10_000,
    runLockTimeoutMs: 0,
    reconnectMs: 20_000,
    allowed: [],
    terminateOrphan: false,
    toolVersion: 'test',
    signal: AbortSignal.timeout(60_000),
    listener: (event) => void events.push(event),
    ...overrides,
    events,
  }
}

export function planOf(...migrations: readonly PlannedMigration[]): Plan {
  return { format: 1, project: 'test', touched: '', migrations }
}

export function migrationOf(id: string, steps: readonly Step[], overrides: Partial<PlannedMigration> = {}): PlannedMigration {
  return { id, source: 'sql', file: `${id}.sql`, checksum: `sum of ${id}`, checks: [], steps, blocked: [], ...overrides }
}

function fileFor({ id, file, checksum, source }: PlannedMigration): Migration {
  return {
    id,
    source,
    file,
    checksum,
    body: { kind: 'sql', bytes: new TextEncoder().encode(`-- ${id}`) },
    transaction: 'file',
    history: {},
  }
}

/** A brief step under ACCESS EXCLUSIVE on public.orders. */
export function alter(id: string, sql: string, undo: readonly string[] = []): SqlStep {
  return {
    ...watched(id, sql, undo),
    locks: [{ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true }],
    lockTimeoutMs: 100,
    statementTimeoutMs: 5_000,
  }
}

/** A step that nobody waits behind. */
export function watched(id: string, sql: string, undo: readonly string[] = []): SqlStep {
  return {
    kind: 'sql',
    id,
    title: id,
    phase: 'expand',
    hazards: [],
    undo: undo.length === 0 ? { kind: 'free' } : { kind: 'cleanup', sql: undo },
    sql: [sql],
    session: [],
    transaction: true,
    locks: [],
    lockTimeoutMs: 0,
    statementTimeoutMs: 0,
    waitsForSnapshots: false,
  }
}

/** On public.orders; the definition is what follows the table's name, behind `unique` where it is. */
export function concurrentIndex(id: string, index: string, definition: string): SqlStep {
  return {
    ...watched(
      id,
      `create ${definition.startsWith('unique') ? 'unique ' : ''}index concurrently ${index} on public.orders ${definition.replace(/^unique /, '')}`,
      [`drop index concurrently if exists ${index}`],
    ),
    transaction: false,
    waitsForSnapshots: true,
    probe: {
      sql: `select coalesce((select case when i.indisvalid then 'done' else 'leftover' end from pg_index i where i.indexrelid = to_regclass('${index}')), 'absent') as state`,
      cleanup: [`drop index concurrently if exists ${index}`],
    },
  }
}
