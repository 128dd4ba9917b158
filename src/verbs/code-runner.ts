import type { Engine } from '../model/engine.ts'
import { codeJudge } from '../plan/code.ts'
import type { CodeRunner } from '../run/options.ts'
import type { LoadedMigrations } from './load-migrations.ts'

/** What `run` needs for migrations that are code and read rows; undefined for sources that have none. */
export function codeRunner(engine: Engine, { execute }: LoadedMigrations, allow: readonly string[]): CodeRunner | undefined {
  if (execute === undefined) return undefined
  return { execute, judge: (migration, catalog) => codeJudge(engine, { catalog, migration, options: { allow } }) }
}
