import type { CodeBatch, CodeWork } from '../backfill/code-batch.ts'
import { namedBackfills } from '../check/named-backfills.ts'
import { statementsOf } from '../check/statements.ts'
import type { NamedBackfill } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { PlannedMigration } from '../model/plan.ts'
import { keyOfBackfill } from '../plan/named-backfill.ts'
import { present } from '../std/present.ts'
import { hashOf, loadCode, namedOf } from './code-backfill.ts'

/** Loads the modules that the migrations name, in this process. Throws `backfill-invalid` with file and line. */
export async function loadNamed(
  engine: Engine,
  root: string,
  migrations: readonly Migration[],
): Promise<ReadonlyMap<string, NamedBackfill>> {
  const loaded = new Map<string, NamedBackfill>()
  for (const migration of migrations)
    for (const name of namedBackfills(migration, placed(engine, migration)))
      if (!loaded.has(keyOfBackfill(name))) {
        const place = { root, file: name.module, ...present({ exportName: name.export }) }
        const found = await loadCode(place).catch((error: unknown) => Promise.reject(inFile(error, migration.file, name.line)))
        loaded.set(keyOfBackfill(name), namedOf(found))
      }
  return loaded
}

function placed(engine: Engine, migration: Migration): ReturnType<typeof statementsOf> {
  const { body } = migration
  const mayName = body.kind === 'sql' && Buffer.from(body.bytes).includes('lockkeeper-backfill')
  return mayName ? statementsOf(engine, migration) : []
}

function inFile(error: unknown, file: string, line: number): unknown {
  if (!(error instanceof LockkeeperError)) return error
  return new LockkeeperError(error.code, `${file}, line ${line}: ${error.message}`, {
    hint: error.hint,
    cause: error,
    details: { ...error.details, file, line },
  })
}

/** For a saved plan: its modules are as they were. Runs nothing of them. Throws `plan-stale`. */
export async function refuseOtherModules(root: string, migrations: readonly PlannedMigration[]): Promise<void> {
  const works = migrations.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'backfill' ? [step.work] : [])))
  for (const work of works)
    if (work.kind === 'code' && (await hashOf(root, work.module)) !== work.hash)
      throw new LockkeeperError('plan-stale', `The plan no longer fits: ${work.module}, or what it imports, has changed.`)
}

/** For a run: the code of a step. `anyCode`: it failed, and what is there now may be what mends it. */
export function backfillLoader(root: string): (work: CodeWork, anyCode: boolean) => Promise<CodeBatch> {
  return async ({ module, export: name, hash }, anyCode) =>
    (await loadCode({ root, file: module, exportName: name, ...(anyCode ? {} : { hash }) })).code
}
