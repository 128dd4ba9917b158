import { statementsOf } from '../check/statements.ts'
import type { Cause } from '../model/compatibility.ts'
import type { Engine } from '../model/engine.ts'
import type { Migration } from '../model/migration.ts'
import type { EachStep, PlannedMigration, SqlStep, Step } from '../model/plan.ts'
import type { Leaf, Session } from '../model/session.ts'
import { makeObjectName } from '../std/object-name.ts'
import { refusalOf } from './refusal.ts'

/** A part of what turns one schema into the next, after which statements can be looked at. */
export interface SchemaChange {
  readonly cause: Cause
  /** Gives why it could not be done. */
  run(session: Session): Promise<string | undefined>
}

/** The statements of migrations, as they are written. */
export function changesAsWritten(engine: Engine, migrations: readonly Migration[]): readonly SchemaChange[] {
  return migrations.flatMap((migration) =>
    statementsOf(engine, migration)
      .filter(({ kind }) => kind !== 'TransactionStmt')
      .map(({ sql, line }) => changeOf({ migration: migration.id, where: `${migration.file}:${line}`, sql }, [sql])),
  )
}

/** The steps that `apply` takes: those up to the gate of each migration. No rows are there, so no backfill is. */
export function changesOfApply(
  engine: Engine,
  planned: readonly PlannedMigration[],
  migrations: readonly Migration[],
): readonly SchemaChange[] {
  return planned.flatMap((one) => {
    const gate = one.steps.findIndex(({ kind }) => kind === 'gate')
    const steps = gate < 0 ? one.steps : one.steps.slice(0, gate)
    const written = migrations.filter(({ id }) => id === one.id)
    return steps.flatMap((step) => changesOfStep(engine, step, { migration: one.id, written }))
  })
}

interface Of {
  readonly migration: string
  readonly written: readonly Migration[]
}

function changesOfStep(engine: Engine, step: Step, { migration, written }: Of): readonly SchemaChange[] {
  switch (step.kind) {
    case 'sql':
      return [changeOf({ migration, where: step.title, sql: step.sql.join(';\n') }, messagesOf(step))]
    case 'each':
      return [eachChange(engine, step, migration)]
    case 'code':
      return changesAsWritten(engine, written)
    case 'backfill':
    case 'gate':
      return []
  }
}

function messagesOf({ session, sql, transaction }: SqlStep): readonly string[] {
  return [...session, ...(transaction ? [['begin', ...sql, 'commit'].join('\n;\n')] : sql)]
}

function changeOf(cause: Cause, messages: readonly string[]): SchemaChange {
  return { cause, run: async (session) => await runAll(session, messages) }
}

/** A loop in a pull request's SQL must not hold the command for ever. */
const statementTimeoutMs = 120_000

async function runAll(session: Session, messages: readonly string[]): Promise<string | undefined> {
  try {
    for (const message of messages) await session.script([message], { statementTimeoutMs })
    return undefined
  } catch (error) {
    const { message } = refusalOf(error)
    await session.script(['rollback'])
    return message
  }
}

function eachChange({ dialect }: Engine, step: EachStep, migration: string): SchemaChange {
  const textFor = (sql: string, { schema, name }: Leaf) => {
    const index = step.index === undefined ? '' : makeObjectName(name, step.index.addition, step.index.label)
    const values: { readonly [key: string]: string } = {
      leaf: dialect.name(schema, name),
      leafText: dialect.literal(dialect.name(schema, name)),
      leafSchema: dialect.name(schema),
      leafName: dialect.name(name),
      index: dialect.name(index),
      indexText: dialect.literal(dialect.name(schema, index)),
    }
    return sql.replaceAll(/\{(leaf|leafText|leafSchema|leafName|index|indexText)\}/g, (_, key: string) => values[key] ?? '')
  }
  return {
    cause: { migration, where: step.title, sql: step.template.flatMap(({ sql }) => sql).join(';\n') },
    async run(session) {
      const leaves = await session.leaves(step.relation)
      const messages = leaves.flatMap((leaf) => step.template.flatMap(messagesOf).map((sql) => textFor(sql, leaf)))
      return await runAll(session, messages)
    },
  }
}
